import { Document, isMap, isScalar, isSeq, type Pair } from 'yaml';
import type { z } from 'zod';
import type { planSchema } from './plan-schema.js';
import { readSpace } from './spaces.js';

/** What a plan file may say, before defaults. */
export type PlanStatement = z.input<typeof planSchema> & Readonly<Record<string, unknown>>;

/**
 * A plan file's text: JSON where the file's name says so, else YAML with what a reader needs to edit it. The same
 * statement gives the same text; what is undefined or empty in it is left out.
 */
export function planText(file: string, stated: PlanStatement): string {
  const statement = withoutEmpty(stated);
  if (file.endsWith('.json')) return `${JSON.stringify(statement, null, 2)}\n`;
  const document = new Document(statement, { aliasDuplicateObjects: false });
  document.commentBefore =
    ' A plan: the runs that belong together, test problems × optimizers × settings × seeds, in this order.\n' +
    ' probprec sweep run, status, best and commands take this file; docs/sweeps.md explains every key.';
  const top = (key: string) =>
    isMap(document.contents) ? (document.contents.items as Pair[]).find((pair) => nameOf(pair) === key) : undefined;
  const settings = top('settings')?.value;
  explainSpaces(settings);
  for (const key of ['lr_schedule_epochs', 'lr_schedule_factors', 'schedule_milestones']) {
    const list = document.getIn(['options', key], true);
    if (isSeq(list)) list.flow = true;
  }
  const optimizers = top('optimizers')?.value;
  for (const entry of isSeq(optimizers) ? optimizers.items : []) {
    if (isMap(entry)) explainSpaces(entry.get('settings'));
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, entry]) => [key, withoutEmpty(entry)] as const);
  const isEmpty = (entry: unknown) => typeof entry === 'object' && entry !== null && Object.keys(entry).length === 0;
  return Object.fromEntries(entries.filter(([, entry]) => entry !== undefined && !isEmpty(entry)));
}

/** Lists of plain values on one line, and the values of a grid as a comment. */
function explainSpaces(block: unknown): void {
  if (!isMap(block)) return;
  for (const { value } of block.items) {
    if (isSeq(value)) value.flow = true;
    if (isScalar(value) && typeof value.value === 'string') {
      const space = readSpace(value.value);
      if (space.kind === 'grid' && space.values.length > 1) value.comment = ` ${describeValues(space.values)}`;
    }
  }
}

function describeValues(values: readonly unknown[]): string {
  const text = (value: unknown) => (typeof value === 'number' ? String(Number(value.toPrecision(5))) : String(value));
  if (values.length <= 6) return values.map(text).join(', ');
  return `${values.length} values: ${values.slice(0, 3).map(text).join(', ')}, …, ${text(values.at(-1))}`;
}

function nameOf({ key }: Pair): unknown {
  return isScalar(key) ? key.value : key;
}
