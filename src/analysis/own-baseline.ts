import { hashSetting, problemVersion, type RunFile } from '../results/index.js';
import type { OwnBaseline } from './baseline-file.js';
import { METRICS } from './metrics.js';

/**
 * The baseline file of the runs of one setting (they must differ in the seed only): curves with every digit,
 * so that a repetition that is equal to the bit differs by nothing; status, times, and what is needed to repeat them. Minibatch losses stay in the run files.
 */
export function ownBaseline(runFiles: readonly RunFile[], command: string): OwnBaseline {
  const sorted = [...runFiles].sort((left, right) => left.random_seed - right.random_seed);
  const [first] = sorted;
  if (first === undefined) throw new RangeError('ownBaseline needs at least one run');
  const identity = ({ configuration, protocol_version: version, dataset }: RunFile) =>
    `${hashSetting(configuration, version)} ${dataset.checksum}`;
  const other = sorted.find((file) => identity(file) !== identity(first));
  if (other !== undefined) {
    throw new RangeError(
      `ownBaseline: the runs of seeds ${first.random_seed} and ${other.random_seed} differ in more than the seed`,
    );
  }
  const { configuration, dataset, environment } = first;
  return {
    baseline_version: 1,
    kind: 'own',
    name: `probprec ${first.suite_version}`,
    source: `runs of probprec ${first.suite_version}; npm run baselines repeats them`,
    defects: dataset.verified ? [] : [`the ${dataset.name} files are not byte for byte the published ones`],
    suite_version: first.suite_version,
    protocol_version: first.protocol_version,
    testproblem: first.testproblem,
    ...problemVersion(configuration),
    optimizer: first.optimizer_name,
    batch_size: first.batch_size,
    num_epochs: first.num_epochs,
    l2_reg: first.l2_reg,
    hyperparameters: first.optimizer_hyperparams as OwnBaseline['hyperparameters'],
    training_parameters: first.training_params as OwnBaseline['training_parameters'],
    protocol: configuration.protocol,
    data_source: dataset.source,
    synthetic_size: dataset.synthetic_size,
    dataset: { name: dataset.name, verified: dataset.verified, checksum: dataset.checksum },
    engine: `${environment.engine.name} ${environment.engine.device}`,
    engine_version: environment.engine.version,
    node: environment.node,
    command,
    runs: sorted.map((file) => ({
      seed: file.random_seed,
      status: file.status,
      configuration_hash: file.configuration_hash,
      started_at: file.started_at,
      machine: `${file.environment.cpu_model}, ${file.environment.engine.threads} threads`,
      curves: Object.fromEntries(
        METRICS.flatMap((metric) => (file[metric] === undefined ? [] : [[metric, file[metric]]])),
      ),
      training_wall_seconds: file.timing.training_wall_seconds.map(sixDigits),
      training_cpu_seconds: file.timing.training_cpu_seconds.map(sixDigits),
    })),
  };
}

/** Seconds to six digits: clocks are not more exact. */
function sixDigits(seconds: number): number {
  return Number(seconds.toPrecision(6));
}
