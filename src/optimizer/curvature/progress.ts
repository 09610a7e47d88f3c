import type { Engine, Value } from '../../engine/index.js';
import { at } from '../../expect.js';
import { type EvaluationCounts, noEvaluations } from '../evaluation-counts.js';
import type { NetworkState } from '../network-state.js';
import type { RuleLog } from '../rule-log.js';
import type { BatchFeeds, TrainingTask } from '../training.js';
import type { Layers } from './layers.js';
import { type EpochLog, noSeconds, type PhaseSeconds } from './log.js';
import type { CarriedColumns } from './posterior-state.js';
import type { Programs } from './programs.js';
import type { FamilySettings } from './settings.js';

/** What a training of the family has from its start on. */
export interface FamilyContext {
  readonly task: TrainingTask;
  readonly settings: FamilySettings;
  readonly layers: Layers;
  readonly network: NetworkState;
  readonly programs: Programs;
  readonly log: EpochLog;
  readonly rules: RuleLog;
}

/** Where a training is besides its phase: what minibatches change. */
export interface Progress {
  parameters: readonly Value[];
  network: Readonly<Record<string, Value>>;
  epoch: number;
  /** The schedule's factor of the learning rate. */
  lrFactor: number;
  /** Steps of this epoch so far; 0 between two epochs. */
  step: number;
  /** Minibatches since the estimation started. */
  sinceStart: number;
  /** Minibatches since training began. */
  total: number;
  /** The last usable α of each group. */
  lastAlpha: readonly (number | null)[];
  /** Of each layer what the last estimation has left for the next one; null where nothing is. */
  carried: readonly (CarriedColumns | null)[] | null;
  /** Of the estimation in force. */
  seconds: PhaseSeconds;
  evaluations: EvaluationCounts;
}

/** Before the first minibatch. */
export function initialProgress({ task, layers, network }: FamilyContext): Progress {
  return {
    parameters: task.initialParameters,
    network: network.initial(task.engine),
    epoch: 0,
    lrFactor: 1,
    step: 0,
    sinceStart: 0,
    total: 0,
    lastAlpha: layers.groups.map(() => null),
    carried: null,
    seconds: noSeconds(),
    evaluations: noEvaluations(),
  };
}

/** The parameters and the network's state as feeds of the programs that take no step. */
export function standing({ layers, network }: FamilyContext, progress: Progress): BatchFeeds {
  const parameters = layers.list.map(({ input }, index) => [input, at(progress.parameters, index)]);
  return { ...Object.fromEntries(parameters), ...network.feeds(progress.network) };
}

/** Values of their own, where the given ones are spent by what needs them as well. */
export async function copiesOf(engine: Engine, values: readonly Value[]): Promise<Value[]> {
  const copies: Value[] = [];
  for (const value of values) copies.push(engine.upload(await engine.download(value), value.shape));
  return copies;
}
