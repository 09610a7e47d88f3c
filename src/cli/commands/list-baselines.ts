import {
  baselineSettings,
  bundledBaselinesFolder,
  type ComparedSetting,
  readBaselineFiles,
} from '../../analysis/index.js';
import type { Listing } from './listing.js';

/** `list baselines`: the published results that come with this program. */
export async function baselineListing(): Promise<Listing> {
  const files = await readBaselineFiles(bundledBaselinesFolder());
  const entries = files.flatMap((file) =>
    baselineSettings(file).map((compared) => describeBaseline(compared, file.source)),
  );
  const rows = entries.map(
    ({ testproblem, optimizer, baseline, hyperparameters, num_epochs, batch_size, seeds, protocol }) => [
      ...[testproblem, optimizer, baseline],
      Object.entries(hyperparameters)
        .map(([name, value]) => `${name}=${typeof value === 'number' ? Number(value.toPrecision(4)) : value}`)
        .join(' '),
      ...[num_epochs, batch_size, seeds.length, protocol],
    ],
  );
  const header = ['test problem', 'optimizer', 'baseline', 'setting', 'epochs', 'batch size', 'seeds', 'protocol'];
  return { entries, header, rows };
}

function describeBaseline(compared: ComparedSetting, source: string) {
  const { setting, origin, defects } = compared;
  return {
    testproblem: setting.testproblem,
    optimizer: setting.optimizer,
    baseline: origin,
    hyperparameters: setting.hyperparameters,
    num_epochs: setting.numEpochs,
    batch_size: setting.batchSize,
    seeds: compared.kind === 'summary' ? compared.seeds : setting.runs.map(({ seed }) => seed),
    protocol: setting.conditions.protocol,
    engine: setting.conditions.engine,
    source,
    defects,
  };
}
