import {
  baselineSettings,
  bundledBaselinesFolder,
  type ComparedSetting,
  readBaselineFiles,
} from '../../analysis/index.js';
import { datasetNames, loadDataset } from '../../dataset/index.js';
import { enginesInWords } from '../engines-in-words.js';
import type { ListName } from '../options.js';
import { formatTable } from '../table.js';
import type { Screen, Terminal } from '../terminal.js';
import { optimizerEntries, optimizerList } from './list-optimizers.js';
import { testProblemEntries, testProblemList } from './list-testproblems.js';

/** Prints a table, or with `json` a list of objects, of what there is, users' `files` included. */
export async function list(what: ListName, files: readonly string[], json: boolean, terminal: Terminal): Promise<void> {
  const listing = await listings[what](files);
  if (json) return terminal.result(JSON.stringify(listing.entries, null, 2));
  if ('text' in listing) return terminal.result(await listing.text(terminal));
  terminal.result(formatTable(listing.header, listing.rows, terminal));
}

/** A table, or a text of another form. */
type Listing = { readonly entries: readonly object[] } & (
  | {
      readonly header: readonly string[];
      readonly rows: readonly (readonly (string | number | null)[])[];
    }
  | { readonly text: (screen: Screen) => string | Promise<string> }
);

const listings: Record<ListName, (files: readonly string[]) => Promise<Listing>> = {
  async testproblems(files) {
    const entries = await testProblemEntries(files);
    return { entries, text: (screen) => testProblemList(entries, screen) };
  },
  async optimizers(files) {
    const entries = await optimizerEntries(files);
    return { entries, text: (screen) => optimizerList(entries, screen) };
  },
  async datasets(files) {
    const entries = await Promise.all([...datasetNames(), ...files].map(describeDataset));
    const rows = entries.map(({ name, shape, classes, sizes, files, description }) => [
      ...[name, shape.join('x'), classes, sizes.train, sizes.valid, sizes.test, files.length, description],
    ]);
    const header = ['name', 'shape', 'classes', 'train', 'valid', 'test', 'files', 'description'];
    return { entries, header, rows };
  },
  async engines() {
    const entries = await enginesInWords();
    const rows = entries.map(({ name, device, usable, default: isDefault, version, reason }) => [
      ...[name, device, usable ? 'yes' : 'no', isDefault ? 'yes' : 'no', version, reason],
    ]);
    return { entries, header: ['name', 'device', 'usable', 'default', 'version', 'reason'], rows };
  },
  async baselines() {
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
  },
};

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

async function describeDataset(nameOrFile: string) {
  const { name, description, shape, classes, sizes, files } = (await loadDataset(nameOrFile)).definition;
  return {
    name,
    description,
    shape,
    classes,
    sizes: { train: sizes.train, valid: sizes.valid, train_eval: sizes.trainEval, test: sizes.test },
    files: files.map(({ path, md5 }) => ({ path, md5 })),
  };
}
