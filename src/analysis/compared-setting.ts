import { type Conditions, defaultL2, problemVersion, type RecordedRun, withSetting } from '../results/index.js';
import type { BaselineFile, OwnBaseline, PublishedBaseline } from './baseline-file.js';
import { METRICS, type Metric } from './metrics.js';
import { groupSettings, type Setting } from './settings.js';

/** Where a row comes from: the results that are compared, or a baseline beside them. */
export type OriginKind = 'results' | 'baseline';

interface About {
  readonly originKind: OriginKind;
  /** The baseline's name; of results their label, or the folder where several folders have different runs; else `results`. */
  readonly origin: string;
  readonly setting: Setting;
  readonly defects: readonly string[];
}

/** A setting whose runs are known one by one: of the results, or of an own baseline. */
export interface MeasuredSetting extends About {
  readonly kind: 'runs';
}

/** A setting that is known by mean and standard deviation over its seeds only. */
export interface PublishedSetting extends About {
  readonly kind: 'summary';
  readonly seeds: readonly number[];
  readonly mean: Readonly<Partial<Record<Metric, readonly (number | null)[]>>>;
  readonly populationStd: Readonly<Partial<Record<Metric, readonly (number | null)[]>>>;
}

/** What can stand in a row of a comparison. */
export type ComparedSetting = MeasuredSetting | PublishedSetting;

/** The settings of a baseline file. */
export function baselineSettings(file: BaselineFile): ComparedSetting[] {
  if (file.kind === 'published') return publishedSettings(file);
  return groupSettings(ownRuns(file)).map((setting) => ({
    kind: 'runs',
    originKind: 'baseline',
    origin: file.name,
    setting,
    defects: file.defects,
  }));
}

/** Runs of a baseline folder that holds run files. */
export function runBaselines(runs: readonly RecordedRun[], origin: string): ComparedSetting[] {
  return groupSettings(runs).map((setting) => ({
    kind: 'runs',
    originKind: 'baseline',
    origin: setting.label ?? setting.folder ?? origin,
    setting,
    defects: [],
  }));
}

/** The runs that are compared. */
export function resultSettings(runs: readonly RecordedRun[]): MeasuredSetting[] {
  return groupSettings(runs).map((setting) => ({
    kind: 'runs',
    originKind: 'results',
    origin: setting.label ?? setting.folder ?? 'results',
    setting,
    defects: [],
  }));
}

function publishedSettings(file: PublishedBaseline): PublishedSetting[] {
  const conditions: Conditions = {
    protocol: file.protocol,
    protocolVersion: null,
    dataSource: file.data_source,
    syntheticSize: null,
    dataChecksum: null,
    engine: file.engine,
    machine: null,
  };
  return file.results.map((result) => ({
    kind: 'summary',
    originKind: 'baseline',
    origin: file.name,
    defects: file.defects,
    seeds: result.seeds,
    mean: result.mean,
    populationStd: result.population_std,
    setting: {
      testproblem: result.testproblem,
      optimizer: result.optimizer,
      optimizerSource: null,
      hyperparameters: result.hyperparameters,
      trainingParameters: {},
      numEpochs: result.num_epochs,
      batchSize: result.batch_size,
      l2InForce: result.l2_reg ?? defaultL2(result.testproblem),
      conditions: { ...problemVersion(result), ...conditions },
      label: null,
      position: null,
      folder: null,
      runs: [],
      superseded: [],
    },
  }));
}

function ownRuns(file: OwnBaseline): RecordedRun[] {
  const l2 = file.l2_reg ?? defaultL2(file.testproblem);
  return file.runs.map((run) =>
    withSetting({
      file: `${file.name}, seed ${run.seed}`,
      testproblem: file.testproblem,
      optimizer: file.optimizer,
      hyperparameters: file.hyperparameters,
      trainingParameters: file.training_parameters as RecordedRun['trainingParameters'],
      seed: run.seed,
      batchSize: file.batch_size,
      numEpochs: file.num_epochs,
      l2Reg: file.l2_reg,
      ...(l2 === 'default' ? {} : { l2InForce: l2 }),
      status: run.status,
      curves: Object.fromEntries(
        METRICS.map((metric) => [metric, run.curves[metric] ?? null]),
      ) as RecordedRun['curves'],
      timing: { wallSeconds: run.training_wall_seconds, cpuSeconds: run.training_cpu_seconds },
      conditions: {
        ...problemVersion(file),
        protocol: file.protocol,
        protocolVersion: file.protocol_version,
        dataSource: file.data_source,
        syntheticSize: file.synthetic_size,
        dataChecksum: file.data_source === 'real' && !file.dataset.verified ? file.dataset.checksum : null,
        engine: file.engine,
        machine: run.machine,
      },
      startedAt: run.started_at,
    }),
  );
}
