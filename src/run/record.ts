import type { Phase } from '../dataset/index.js';
import type { Checkpoint } from './checkpoint.js';
import type { Measurement } from './events.js';

const phases = { train_eval: 'train', valid: 'valid', test: 'test' } as const;

/** Everything measured in a run so far; goes into checkpoints and, at the end, into the run file. */
export class RunRecord {
  readonly losses = { train: [] as number[], valid: [] as number[], test: [] as number[] };
  readonly accuracies = { train: [] as number[], valid: [] as number[], test: [] as number[] };
  readonly minibatchTrainLosses: number[] = [];
  readonly timing = {
    trainingWallSeconds: [] as number[],
    trainingCpuSeconds: [] as number[],
    trainingOtherCores: [] as number[],
    evaluationWallSeconds: [] as number[],
    evaluationCpuSeconds: [] as number[],
  };
  readonly optimizerLog: object[] = [];
  readonly resumed: { epoch: number; at: string }[] = [];

  /** Adds the results of one evaluation of all three sets. */
  addEvaluation(results: Readonly<Record<Phase, Measurement>>, wallSeconds: number, cpuSeconds: number): void {
    for (const [phase, key] of Object.entries(phases) as [Phase, 'train' | 'valid' | 'test'][]) {
      this.losses[key].push(results[phase].loss);
      const { accuracy } = results[phase];
      if (accuracy !== null) this.accuracies[key].push(accuracy);
    }
    this.timing.evaluationWallSeconds.push(wallSeconds);
    this.timing.evaluationCpuSeconds.push(cpuSeconds);
  }

  /** The lists as arrays and plain data for a checkpoint; numbers keep every bit. */
  toCheckpoint(): { lists: Record<string, Float64Array>; header: { optimizerLog: object[]; resumed: object[] } } {
    const lists = Object.fromEntries(this.#lists().map(([name, list]) => [`record/${name}`, Float64Array.from(list)]));
    return { lists, header: { optimizerLog: this.optimizerLog, resumed: this.resumed } };
  }

  /** The record that a checkpoint holds. */
  static fromCheckpoint({ header, arrays }: Checkpoint): RunRecord {
    const record = new RunRecord();
    // One by one: a long list has more numbers than a call may have arguments.
    for (const [name, list] of record.#lists()) for (const value of arrays[`record/${name}`] ?? []) list.push(value);
    record.optimizerLog.push(...(header.optimizerLog as object[]));
    record.resumed.push(...(header.resumed as { epoch: number; at: string }[]));
    return record;
  }

  #lists(): [string, number[]][] {
    const prefixed = (prefix: string, lists: Readonly<Record<string, number[]>>) =>
      Object.entries(lists).map(([name, list]): [string, number[]] => [`${prefix}.${name}`, list]);
    return [
      ...prefixed('losses', this.losses),
      ...prefixed('accuracies', this.accuracies),
      ...prefixed('timing', this.timing),
      ['minibatchTrainLosses', this.minibatchTrainLosses],
    ];
  }
}
