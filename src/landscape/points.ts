import type { DataSplit } from '../dataset/index.js';
import type { Engine, Value } from '../engine/index.js';
import { ConfigurationError, FileError } from '../errors.js';
import type { PreconditionerBlock } from '../optimizer/index.js';
import { encodeSettings, type RunFile } from '../results/index.js';
import { findKeptParameters, type KeptParameters, loadKeptParameters, type ResolvedRun } from '../run/index.js';
import { TrainingLoop } from '../run/loop.js';
import type { MinibatchPosition } from '../run/training-minibatches.js';
import { option, say } from '../words.js';
import type { CurvatureReport } from './report.js';

/** Points along a training that starts with the seed's initial parameters. */
export interface AlongTraining {
  readonly kind: 'training';
  /** Steps at which to measure, ascending; 0 is before the first. */
  readonly at: readonly number[];
}

/** Points of a run that has kept its parameters. */
export interface KeptPoints {
  readonly kind: 'kept';
  readonly files: readonly KeptParameters[];
  /** The configuration_hash of the run. */
  readonly hash: string;
  readonly optimizer: Pick<RunFile['configuration']['optimizer'], 'name' | 'hyperparameters'>;
  readonly lrSchedule: RunFile['configuration']['lr_schedule'];
}

/** Where the loss is looked at. */
export type Points = AlongTraining | KeptPoints;

/** A point that is reached: parameters, and the training that goes on from there. */
export interface LookedAt {
  /** Steps since the initial parameters. */
  readonly step: number;
  readonly position: MinibatchPosition;
  readonly parameters: readonly Value[];
  /** The network's states by the names of their inputs; what is missing has its initial value. */
  readonly states: Readonly<Record<string, Value>>;
  /** Of the step that comes next; null where the optimizer has none, or none is taken. */
  readonly learningRate: number | null;
  /** The preconditioner that the next step applies; null where there is none, or none was kept. */
  readonly preconditioner: readonly PreconditionerBlock[] | null;
}

interface Context {
  readonly resolved: ResolvedRun;
  readonly split: DataSplit;
  readonly engine: Engine;
  readonly signal: AbortSignal | undefined;
}

type Measure = (place: LookedAt) => Promise<void>;

/**
 * Trains as far as the last point and measures on the way; nothing is evaluated or written. Returns why training ended before
 * it, or null.
 */
export async function visitTraining(
  { resolved, split, engine, signal }: Context,
  { at }: AlongTraining,
  measure: Measure,
  onStep: (step: number) => void,
): Promise<string | null> {
  const { configuration, optimizer } = resolved;
  const stepsPerEpoch = split.trainingSteps(configuration.batchSize);
  const last = at.at(-1) ?? 0;
  const ended = new AbortController();
  const rateName = last > 0 ? (optimizer.learningRate ?? null) : null;
  const base = rateName === null ? null : configuration.optimizer.hyperparameters[rateName];
  const loop = await TrainingLoop.start({
    resolved: { ...resolved, configuration: { ...configuration, numEpochs: Math.ceil(last / stepsPerEpoch) } },
    split,
    engine,
    signal: signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]),
    evaluates: false,
    afterStep: async (current) => {
      const { training, position } = current;
      const { epoch } = position;
      const step = position.step ?? 0;
      const total = epoch * stepsPerEpoch + step;
      onStep(total);
      if (at.includes(total)) {
        await measure({
          step: total,
          position: { epoch, step },
          parameters: training.parameters,
          states: training.modelStates ?? {},
          learningRate: typeof base === 'number' ? base * current.learningRateFactor(epoch, step) : null,
          preconditioner: training.preconditioner?.() ?? null,
        });
      }
      if (total === last) ended.abort();
    },
  });
  try {
    const status = await loop.run();
    return status.state === 'diverged' ? status.reason : null;
  } catch (error) {
    if (!ended.signal.aborted || error !== ended.signal.reason) throw error;
    return null;
  }
}

/** Loads the kept parameters one after the other. */
export async function visitKept(
  { resolved, split, engine, signal }: Context,
  { files, hash, optimizer, lrSchedule }: KeptPoints,
  measure: Measure,
): Promise<null> {
  const { configuration, testProblem: problem } = resolved;
  const stepsPerEpoch = split.trainingSteps(configuration.batchSize);
  for (const file of files) {
    signal?.throwIfAborted();
    const { parameters, states } = await loadKeptParameters(file, { engine, problem, hash });
    const { lr } = optimizer.hyperparameters;
    const from = lrSchedule?.epochs.findLastIndex((epoch) => epoch <= file.epoch) ?? -1;
    await measure({
      step: file.epoch * stepsPerEpoch,
      position: { epoch: file.epoch, step: 0 },
      parameters,
      states,
      learningRate: typeof lr === 'number' ? lr * (from < 0 ? 1 : (lrSchedule?.factors[from] ?? 1)) : null,
      preconditioner: null,
    });
  }
  return null;
}

/**
 * The points of a run file's run at which it kept its parameters; with `epochs`, only these. Throws FileError where there are
 * none, and ConfigurationError for an epoch of which none are kept.
 */
export async function keptPoints(path: string, file: RunFile, epochs?: readonly number[]): Promise<KeptPoints> {
  const { configuration, configuration_hash: hash } = file;
  const files = await findKeptParameters(path, { seed: configuration.seed, hash });
  if (files.length === 0) {
    throw new FileError({
      subject: path,
      found: 'no parameters beside it',
      expected: say`some of a run with ${option('keep_parameters', 'epochs')} (or end)`,
      remedy: say`${option('optimizer')} and ${option('at')} train to a point instead`,
    });
  }
  const missing = epochs?.find((epoch) => !files.some((kept) => kept.epoch === epoch));
  if (missing !== undefined) {
    const known = files.map(({ epoch }) => epoch).join(', ');
    throw new ConfigurationError({
      subject: option('epochs', missing),
      what: 'no parameters are kept of this epoch',
      expected: `some of ${known}`,
    });
  }
  return {
    kind: 'kept',
    files: files.filter(({ epoch }) => epochs === undefined || epochs.includes(epoch)),
    hash,
    optimizer: configuration.optimizer,
    lrSchedule: configuration.lr_schedule,
  };
}

/** What trained to the points, for the report; null where no step was taken. */
export function trainedBy({
  resolved: { configuration },
  points,
}: {
  readonly resolved: ResolvedRun;
  readonly points: Points;
}): CurvatureReport['optimizer'] {
  if (points.kind === 'training' && points.at.every((step) => step === 0)) return null;
  const { name, hyperparameters } =
    points.kind === 'kept'
      ? points.optimizer
      : { ...configuration.optimizer, hyperparameters: encodeSettings(configuration.optimizer.hyperparameters) };
  return { name, hyperparameters: hyperparameters as NonNullable<CurvatureReport['optimizer']>['hyperparameters'] };
}
