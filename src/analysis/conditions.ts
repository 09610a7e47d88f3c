import { LATER_KEYS, type LaterKey, runOption } from '../run-options/index.js';
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

/** The settings' part that conditions are read from; settings and baselines have it. */
export type ConditionsOf = Pick<Setting, 'numEpochs' | 'batchSize' | 'l2InForce' | 'conditions'>;

/** Where the conditions of `other` differ from those of `own`. */
export function mismatches(own: ConditionsOf, other: ConditionsOf): Mismatch[] {
  const found: Mismatch[] = [];
  const compare = (name: string, weight: Mismatch['weight'], mine: unknown, theirs: unknown) => {
    if (mine !== theirs) found.push({ what: `${name} ${String(theirs)} ≠ ${String(mine)}`, weight });
  };
  compare('num_epochs', 'budget', own.numEpochs, other.numEpochs);
  compare('batch_size', 'budget', own.batchSize, other.batchSize);
  compare('l2_reg', 'budget', own.l2InForce, other.l2InForce);
  const [mine, theirs] = [own.conditions, other.conditions];
  const later = (key: LaterKey) => [mine, theirs].map((conditions) => conditions[key] ?? runOption(key).default);
  for (const key of LATER_KEYS) if (key !== 'variant') compare(key, 'budget', ...(later(key) as [unknown, unknown]));
  compare('data', 'budget', mine.dataSource, theirs.dataSource);
  if (mine.dataSource === theirs.dataSource) {
    compare('synthetic size', 'budget', mine.syntheticSize, theirs.syntheticSize);
  }
  compare('test problem in the file', 'budget', statedIn(own), statedIn(other));
  compare('variant', 'protocol', ...(later('variant') as [unknown, unknown]));
  compare('data files', 'protocol', dataFiles(own), dataFiles(other));
  compare('protocol', 'protocol', protocolOf(own), protocolOf(other));
  compare('engine', 'protocol', mine.engine, theirs.engine);
  return found;
}

/** The conditions that one table shares: settings with equal text can be compared as they are. */
export function tableKey(setting: ConditionsOf): string {
  const { numEpochs, batchSize, l2InForce, conditions } = setting;
  const { dataSource, syntheticSize, dataChecksum, statedTestproblem } = conditions;
  return JSON.stringify([
    ...[numEpochs, batchSize, l2InForce, statedTestproblem],
    ...LATER_KEYS.map((key) => conditions[key]),
    ...[dataSource, syntheticSize, dataChecksum, protocolOf(setting)],
  ]);
}

/** A setting's conditions in words, for a heading. The L2 factor is left out where there is no L2 term. */
export function describeConditions(setting: ConditionsOf): string {
  const { numEpochs, batchSize, l2InForce, conditions } = setting;
  const data =
    conditions.syntheticSize === null
      ? `${conditions.dataSource} data${conditions.dataChecksum === null ? '' : ` (files ${dataFiles(setting)})`}`
      : `synthetic data (${conditions.syntheticSize})`;
  const l2 = l2InForce === 0 || l2InForce === 'default' ? '' : `, l2_reg ${l2InForce}`;
  const version = LATER_KEYS.map((name) => (conditions[name] === undefined ? '' : `, ${name} ${conditions[name]}`));
  return `${numEpochs} ${numEpochs === 1 ? 'epoch' : 'epochs'}, batch size ${batchSize}${l2}${version.join('')}, ${data}, protocol ${conditions.protocol}`;
}

/** A folder of DeepOBS can hold another test problem than its name says. */
function statedIn({ conditions }: ConditionsOf): string {
  return conditions.statedTestproblem ?? 'as the folder';
}

function dataFiles({ conditions }: ConditionsOf): string {
  return conditions.dataChecksum === null ? 'as published' : `with checksum ${conditions.dataChecksum.slice(0, 8)}`;
}

function protocolOf({ conditions }: ConditionsOf): string {
  const { protocol, protocolVersion } = conditions;
  return protocolVersion === null ? protocol : `${protocol} v${protocolVersion}`;
}
