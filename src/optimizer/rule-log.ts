import type { Engine, Value } from '../engine/index.js';
import { at } from '../expect.js';
import type { LoggedValue } from './step-program.js';

/** What was collected of an epoch that is not over; names are values, because any text may be one. */
export interface CollectedLogs {
  readonly last: readonly (readonly [name: string, value: Value | number])[];
  readonly lists: readonly (readonly [name: string, values: readonly (Value | number)[]])[];
}

/** Collects what rules log, for one entry per epoch in the run file. */
export class RuleLog {
  readonly #engine: Engine;
  #last: Record<string, Value | number> = {};
  #lists: Record<string, (Value | number)[]> = {};

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Takes the values of one step. */
  add(logs: readonly (Omit<LoggedValue, 'value'> & { readonly value: Value | number })[]): void {
    for (const { name, per, value } of logs) {
      if (per === 'epoch') this.#last[name] = value;
      else this.#lists[name] = [...(this.#lists[name] ?? []), value];
    }
  }

  /** What a checkpoint within an epoch keeps. */
  get collected(): CollectedLogs {
    return { last: Object.entries(this.#last), lists: Object.entries(this.#lists) };
  }

  set collected({ last, lists }: CollectedLogs) {
    this.#last = Object.fromEntries(last);
    this.#lists = Object.fromEntries(lists.map(([name, values]) => [name, [...values]]));
  }

  /** What was collected since the last call as plain data, null where a number is not finite; null without anything. */
  async take(epoch: number): Promise<Record<string, unknown> | null> {
    const entry: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(this.#last)) entry[name] = await this.#number(value);
    for (const [name, values] of Object.entries(this.#lists)) {
      const numbers: (number | null)[] = [];
      for (const value of values) numbers.push(await this.#number(value));
      entry[name] = numbers;
    }
    this.#last = {};
    this.#lists = {};
    return Object.keys(entry).length === 0 ? null : { epoch, ...entry };
  }

  async #number(value: Value | number): Promise<number | null> {
    const number = typeof value === 'number' ? value : at(await this.#engine.download(value), 0);
    return Number.isFinite(number) ? number : null;
  }
}
