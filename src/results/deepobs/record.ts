import type { JsonValue } from '../canonical-json.js';
import { problemVersion, withoutVersion } from '../problem-version.js';
import { type Conditions, curvesOf, type RecordedRun, withSetting } from '../recorded-run.js';
import { decodeSettings, type SettingValues } from '../setting-value.js';
import { hasVariants } from './defaults.js';
import { type DeepobsEngine, optimizerLabel, withLr } from './dialect.js';
import type { DeepobsRun } from './imported-run.js';
import { fileNameParts } from './layout.js';

/** A run of DeepOBS as analysis sees it, whether it was imported or lies where DeepOBS wrote it. */
export function recordImportedRun(file: string, run: DeepobsRun): RecordedRun {
  const hyperparameters = withLr(decodeSettings(run.optimizer_hyperparams));
  return withSetting({
    file,
    testproblem: run.testproblem,
    optimizer: optimizerLabel(run.label, hyperparameters),
    stated: { testproblem: run.stated_testproblem, optimizer: run.optimizer_name, optimizerFolder: run.label },
    hyperparameters,
    trainingParameters: withoutVersion(withoutEmptySchedule(decodeSettings(run.training_params))) as Record<
      string,
      JsonValue
    >,
    seed: run.random_seed,
    batchSize: run.batch_size,
    numEpochs: run.num_epochs,
    l2Reg: run.l2_reg,
    status: run.status,
    curves: curvesOf(run),
    timing: null,
    conditions: conditionsOf(run),
    startedAt: fileNameParts(run.imported_from.file).startedAt,
  });
}

function conditionsOf(run: DeepobsRun): Conditions {
  const { dialect, engine } = run.imported_from;
  const stated = run.stated_testproblem ?? run.testproblem;
  return {
    ...problemVersion({ variant: variantOf(stated, engine), ...run.training_params }),
    protocol: dialect === 'deepobs-1.1-keys' ? 'unknown (keys of deepobs-1.1)' : dialect,
    protocolVersion: null,
    dataSource: /^(?:quadratic|two_d_)/.test(stated) ? 'generated' : 'real',
    syntheticSize: null,
    dataChecksum: null,
    engine,
    machine: null,
    ...(stated === run.testproblem ? {} : { statedTestproblem: stated }),
    ...(run.optimizer_name === run.label ? {} : { statedOptimizer: run.optimizer_name }),
  };
}

/** TensorFlow trained the TensorFlow line's network. */
function variantOf(testproblem: string, engine: DeepobsEngine): 'tf' | undefined {
  return engine === 'tensorflow' && hasVariants(testproblem) ? 'tf' : undefined;
}

/** DeepOBS' TensorFlow side states empty lists where there is no schedule. */
function withoutEmptySchedule(parameters: SettingValues): SettingValues {
  const empty = (value: unknown) => value === null || (Array.isArray(value) && value.length === 0);
  const { lr_sched_epochs: epochs = null, lr_sched_factors: factors = null, ...rest } = parameters;
  return empty(epochs) && empty(factors) ? rest : parameters;
}
