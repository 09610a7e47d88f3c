import type { Conditions, RecordedRun } from '../results/index.js';
import type { BaselineFile, OwnBaseline, PublishedBaseline } from './baseline-file.js';
import { METRICS, type Metric } from './metrics.js';
import { groupSettings, type Setting } from './settings.js';

/** A setting whose runs are known one by one: of the results, or of an own baseline. */
export interface RunsContender {
  readonly kind: 'runs';
  /** `results`, or the baseline's name. */
  readonly origin: string;
  readonly setting: Setting;
  readonly defects: readonly string[];
}

/** A setting that is known by mean and standard deviation over its seeds only. */
export interface SummaryContender {
  readonly kind: 'summary';
  readonly origin: string;
  readonly setting: Setting;
  readonly defects: readonly string[];
  readonly seeds: readonly number[];
  readonly mean: Readonly<Partial<Record<Metric, readonly (number | null)[]>>>;
  readonly populationStd: Readonly<Partial<Record<Metric, readonly (number | null)[]>>>;
}

/** What can stand in a row of a comparison. */
export type Contender = RunsContender | SummaryContender;

/** The contenders of a baseline file. */
export function baselineContenders(file: BaselineFile): Contender[] {
  if (file.kind === 'published') return publishedContenders(file);
  return groupSettings(ownRuns(file)).map((setting) => ({
    kind: 'runs',
    origin: file.name,
    setting,
    defects: file.defects,
  }));
}

/** Runs of a baseline folder that holds run files. */
export function runContenders(runs: readonly RecordedRun[], origin: string): Contender[] {
  return groupSettings(runs).map((setting) => ({ kind: 'runs', origin, setting, defects: [] }));
}

function publishedContenders(file: PublishedBaseline): SummaryContender[] {
  const conditions: Conditions = {
    protocol: file.protocol,
    protocolVersion: null,
    dataSource: file.data_source,
    syntheticSize: null,
    engine: file.engine,
    machine: null,
  };
  return file.results.map((result) => ({
    kind: 'summary',
    origin: file.name,
    defects: file.defects,
    seeds: result.seeds,
    mean: result.mean,
    populationStd: result.population_std,
    setting: {
      testproblem: result.testproblem,
      optimizer: result.optimizer,
      hyperparameters: result.hyperparameters,
      trainingParameters: {},
      numEpochs: result.num_epochs,
      batchSize: result.batch_size,
      l2Reg: result.l2_reg,
      conditions,
      runs: [],
      superseded: [],
    },
  }));
}

function ownRuns(file: OwnBaseline): RecordedRun[] {
  return file.runs.map((run) => ({
    file: `${file.name}, seed ${run.seed}`,
    testproblem: file.testproblem,
    optimizer: file.optimizer,
    hyperparameters: file.hyperparameters,
    trainingParameters: file.training_parameters as RecordedRun['trainingParameters'],
    seed: run.seed,
    batchSize: file.batch_size,
    numEpochs: file.num_epochs,
    l2Reg: file.l2_reg,
    status: run.status,
    curves: Object.fromEntries(METRICS.map((metric) => [metric, run.curves[metric] ?? null])) as RecordedRun['curves'],
    timing: { wallSeconds: run.training_wall_seconds, cpuSeconds: run.training_cpu_seconds },
    conditions: {
      protocol: file.protocol,
      protocolVersion: file.protocol_version,
      dataSource: file.data_source,
      syntheticSize: file.synthetic_size,
      engine: file.engine,
      machine: run.machine,
    },
    setting: JSON.stringify(file.hyperparameters),
    startedAt: run.started_at,
  }));
}
