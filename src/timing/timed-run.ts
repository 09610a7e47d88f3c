import type { DatasetRecord } from '../dataset/index.js';
import type { EngineRecord } from '../engine/index.js';
import type { ResolvedRun } from '../run/index.js';
import { TrainingLoop } from '../run/loop.js';
import { type DataOptions, openData, openRunEngine } from '../run/open.js';
import { Stopwatch } from '../run/stopwatch.js';

/** What is timed: the training epochs alone, or everything from opening the data to closing the engine. */
export type Scope = 'training' | 'whole';

/** Time on the wall, or of the processors: the sum over all threads. */
export type Clock = 'wall' | 'cpu';

/** Seconds that one run took. */
export type RunSeconds = Readonly<Record<Scope, Readonly<Record<Clock, number>>>>;

/** One timed run and what it ran on. */
export interface TimedRun {
  readonly seconds: RunSeconds;
  readonly stepsPerEpoch: number;
  readonly engine: EngineRecord;
  readonly dataset: DatasetRecord;
  /** Where the loss stopped being finite, which ended the run; null if it went to its end. */
  readonly diverged: string | null;
}

/** Where the data are, and who listens. */
export type TimingOptions = DataOptions;

/**
 * Does one run as `run` does it, but without files: data, engine and programs are made anew, as DeepOBS' estimate_runtime
 * times whole runs.
 */
export async function timeRun(resolved: ResolvedRun, options: TimingOptions): Promise<TimedRun> {
  const stopwatch = new Stopwatch();
  const { training, ...rest } = await runWithoutFiles(resolved, options);
  const whole = { wall: stopwatch.wallSeconds, cpu: stopwatch.cpuSeconds };
  return { ...rest, seconds: { training, whole } };
}

async function runWithoutFiles(resolved: ResolvedRun, options: TimingOptions) {
  const { signal, onEvent } = options;
  const { dataset, split } = await openData(resolved, options);
  const engine = await openRunEngine(resolved);
  try {
    const loop = await TrainingLoop.start({ resolved, split, engine, signal, onEvent });
    const { reason: diverged } = await loop.run();
    const { trainingWallSeconds, trainingCpuSeconds } = loop.record.timing;
    return {
      training: { wall: sum(trainingWallSeconds), cpu: sum(trainingCpuSeconds) },
      stepsPerEpoch: loop.stepsPerEpoch,
      engine: engine.record,
      dataset: dataset.record,
      diverged,
    };
  } finally {
    await engine.dispose();
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
