import { z } from 'zod';
import type { Phase } from '../dataset/index.js';
import { toJsonValue } from '../results/canonical-json.js';
import type { CheckpointHeader } from './checkpoint-header.js';
import type { Measurement } from './events.js';

const phases = { train_eval: 'train', valid: 'valid', test: 'test' } as const;

/** Numbers that JSON has no form for keep every bit as texts. */
const UNWRITABLE: ReadonlyMap<number, string> = new Map([
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
  [Number.NEGATIVE_INFINITY, '-Infinity'],
]);

const entry = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity', '-0']).transform(Number)]);

function written(value: number): number | string {
  return Object.is(value, -0) ? '-0' : (UNWRITABLE.get(value) ?? value);
}

const observationSchema = z.strictObject({
  epoch: z.int().nonnegative(),
  step: z.int().nonnegative(),
  values: z.record(z.string(), z.number().nullable()),
  cost: z.strictObject({ gradients: z.number(), products: z.number(), seconds: z.number() }),
});

/** What observers measured after a step of an epoch, and what that took beside the training. */
export type Observation = z.infer<typeof observationSchema>;

const partSchema = z.strictObject({
  lists: z.record(z.string(), z.array(entry)),
  optimizer_log: z.array(z.record(z.string(), z.unknown())),
  observations: z.array(observationSchema).optional(),
});

/** What a run has measured between two checkpoints: the ends of its lists. */
export type RecordPart = z.input<typeof partSchema>;

/** Everything measured in a run so far; goes into the journal of a run and, at the end, into the run file. */
export class RunRecord {
  readonly losses = { train: [] as number[], valid: [] as number[], test: [] as number[] };
  readonly accuracies = { train: [] as number[], valid: [] as number[], test: [] as number[] };
  /** Further quantities that the test problem reports, by name. */
  readonly metrics: Record<string, { train: number[]; valid: number[]; test: number[] }> = {};
  readonly minibatchTrainLosses: number[] = [];
  readonly timing = {
    trainingWallSeconds: [] as number[],
    trainingCpuSeconds: [] as number[],
    trainingOtherCores: [] as number[],
    evaluationWallSeconds: [] as number[],
    evaluationCpuSeconds: [] as number[],
  };
  readonly optimizerLog: object[] = [];
  readonly observations: Observation[] = [];
  readonly resumed: CheckpointHeader['resumed'] = [];
  /** How much of each list {@link takeNew} has given out. */
  #taken: Readonly<Record<string, number>> = {};
  #takenLogs = 0;
  #takenObservations = 0;

  /** Adds the results of one evaluation of all three sets. */
  addEvaluation(results: Readonly<Record<Phase, Measurement>>, wallSeconds: number, cpuSeconds: number): void {
    for (const [phase, key] of Object.entries(phases) as [Phase, 'train' | 'valid' | 'test'][]) {
      this.losses[key].push(results[phase].loss);
      const { accuracy, metrics = {} } = results[phase];
      if (accuracy !== null) this.accuracies[key].push(accuracy);
      for (const [name, value] of Object.entries(metrics)) this.#metric(name)[key].push(value);
    }
    this.timing.evaluationWallSeconds.push(wallSeconds);
    this.timing.evaluationCpuSeconds.push(cpuSeconds);
  }

  /** What was added since the last call, as plain data. */
  takeNew(): RecordPart {
    const lists = this.#lists().map(([name, list]) => [name, list.slice(this.#taken[name] ?? 0).map(written)]);
    const logs = this.optimizerLog.slice(this.#takenLogs).map(toJsonValue);
    const observations = this.observations.slice(this.#takenObservations);
    this.#markTaken();
    return {
      lists: Object.fromEntries(lists),
      optimizer_log: logs as RecordPart['optimizer_log'],
      ...(observations.length === 0 ? {} : { observations }),
    };
  }

  /**
   * The record that parts make, in their order; they count as taken, unless they are another run's. Throws ZodError for what
   * is no part.
   */
  static of(parts: readonly unknown[], { taken = true } = {}): RunRecord {
    const record = new RunRecord();
    for (const part of parts) {
      const { lists, optimizer_log, observations = [] } = partSchema.parse(part);
      for (const name of Object.keys(lists)) {
        const [, metric] = /^metrics\.(.*)\.train$/s.exec(name) ?? [];
        if (metric !== undefined) record.#metric(metric);
      }
      // One by one: a long list has more numbers than a call may have arguments.
      for (const [name, list] of record.#lists()) for (const value of lists[name] ?? []) list.push(value);
      record.optimizerLog.push(...optimizer_log);
      record.observations.push(...observations);
    }
    if (taken) record.#markTaken();
    return record;
  }

  /**
   * Whether the lists are those of a run after so many evaluated epochs, with or without accuracies, of which `mayBeTrained`
   * says whether one more may be trained.
   */
  isOf(expected: { epoch: number; mayBeTrained: boolean; minibatchLosses: number }): boolean {
    const { epoch, mayBeTrained, minibatchLosses } = expected;
    const { losses, accuracies, timing } = this;
    const evaluated = Object.values(losses).every(({ length }) => length === epoch + 1);
    const reported = Object.values(this.metrics).every((lists) =>
      Object.values(lists).every(({ length }) => length === epoch + 1),
    );
    const accurate = Object.values(accuracies).every(({ length }) => length === epoch + 1 || length === 0);
    const trained = timing.trainingWallSeconds.length;
    const timed =
      (trained === epoch || (mayBeTrained && trained === epoch + 1)) &&
      timing.trainingCpuSeconds.length === trained &&
      timing.evaluationWallSeconds.length === epoch + 1 &&
      timing.evaluationCpuSeconds.length === epoch + 1;
    return evaluated && accurate && reported && timed && this.minibatchTrainLosses.length === minibatchLosses;
  }

  /** The lists of a further quantity. */
  #metric(name: string) {
    const lists = Object.hasOwn(this.metrics, name) ? this.metrics[name] : undefined;
    if (lists !== undefined) return lists;
    const made = { train: [], valid: [], test: [] };
    this.metrics[name] = made;
    return made;
  }

  #markTaken(): void {
    this.#taken = Object.fromEntries(this.#lists().map(([name, list]) => [name, list.length]));
    this.#takenLogs = this.optimizerLog.length;
    this.#takenObservations = this.observations.length;
  }

  #lists(): [string, number[]][] {
    const prefixed = (prefix: string, lists: Readonly<Record<string, number[]>>) =>
      Object.entries(lists).map(([name, list]): [string, number[]] => [`${prefix}.${name}`, list]);
    return [
      ...prefixed('losses', this.losses),
      ...prefixed('accuracies', this.accuracies),
      ...Object.entries(this.metrics).flatMap(([name, lists]) => prefixed(`metrics.${name}`, lists)),
      ...prefixed('timing', this.timing),
      ['minibatchTrainLosses', this.minibatchTrainLosses],
    ];
  }
}
