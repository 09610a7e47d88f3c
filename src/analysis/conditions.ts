import type { Setting } from './settings.js';

/** A difference between the conditions of two settings, in words: `num_epochs 50 ≠ 5`. */
export interface Mismatch {
  readonly what: string;
  /**
   * `budget`: another question was asked (epochs, batch size, L2 factor, data); the numbers cannot be set side by side.
   * `protocol`: the same question, measured otherwise; they can, with care.
   */
  readonly weight: 'budget' | 'protocol';
}

/** Where the conditions of `other` differ from those of `own`. */
export function mismatches(own: Setting, other: Setting): Mismatch[] {
  const found: Mismatch[] = [];
  const compare = (name: string, weight: Mismatch['weight'], mine: unknown, theirs: unknown) => {
    if (mine !== theirs) found.push({ what: `${name} ${shown(theirs)} ≠ ${shown(mine)}`, weight });
  };
  compare('num_epochs', 'budget', own.numEpochs, other.numEpochs);
  compare('batch_size', 'budget', own.batchSize, other.batchSize);
  compare('l2_reg', 'budget', own.l2Reg, other.l2Reg);
  const [mine, theirs] = [own.conditions, other.conditions];
  compare('data', 'budget', mine.dataSource, theirs.dataSource);
  compare('synthetic size', 'budget', mine.syntheticSize, theirs.syntheticSize);
  compare('protocol', 'protocol', protocolOf(own), protocolOf(other));
  compare('engine', 'protocol', mine.engine, theirs.engine);
  return found;
}

/** The conditions that one table shares: settings with equal text can be compared as they are. */
export function tableKey(setting: Setting): string {
  const { numEpochs, batchSize, l2Reg, conditions } = setting;
  const { dataSource, syntheticSize } = conditions;
  return JSON.stringify([numEpochs, batchSize, l2Reg, dataSource, syntheticSize, protocolOf(setting)]);
}

/** A setting's conditions in words, for a heading. */
export function describeConditions({ numEpochs, batchSize, l2Reg, conditions }: Setting): string {
  const data = conditions.syntheticSize === null ? conditions.dataSource : `synthetic (${conditions.syntheticSize})`;
  const l2 = l2Reg === null ? '' : `, l2_reg ${l2Reg}`;
  return `${numEpochs} epoch${numEpochs === 1 ? '' : 's'}, batch size ${batchSize}${l2}, ${data} data, protocol ${conditions.protocol}`;
}

function protocolOf({ conditions }: Setting): string {
  const { protocol, protocolVersion } = conditions;
  return protocolVersion === null ? protocol : `${protocol} v${protocolVersion}`;
}

function shown(value: unknown): string {
  return value === null ? 'default' : String(value);
}
