import { groupBy } from './group-by.js';

/** A condition as the user states it: `lr=0.1`, `optimizer=sgd,adam`, `seed=42-44`. */
export type Condition = readonly [name: string, value: string];

/** Reads `name=value`; a name may be written as an option is. Null for any other text. */
export function parseCondition(text: string): Condition | null {
  const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  return name.trim() === '' || value.trim() === '' ? null : [name.trim().replaceAll('-', '_'), value.trim()];
}

/** Whether every name's conditions are met; several on one name are alternatives. */
export function areMet(conditions: readonly Condition[], isMet: (condition: Condition) => boolean): boolean {
  return [...groupBy(conditions, ([name]) => name).values()].every((alternatives) => alternatives.some(isMet));
}

/**
 * Whether a value is one of those that a condition states, with commas between them; the whole text too, since a value may have
 * commas. Numbers are equal to ten digits, as in the names of folders: `0.1129` is not 0.11288, `1e-1` is 0.1. `null` and `none` stand for
 * no value.
 */
export function isAmong(own: unknown, stated: string): boolean {
  return [stated, ...stated.split(',')].some((text) => {
    const word = text.trim();
    if (typeof own === 'number') return word !== '' && own.toExponential(10) === Number(word).toExponential(10);
    if (own === null) return word === 'null' || word === 'none';
    return (typeof own === 'string' ? own : JSON.stringify(own)) === word;
  });
}
