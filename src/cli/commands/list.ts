import { baselineContenders, bundledBaselinesFolder, type Contender, readBaselineFiles } from '../../analysis/index.js';
import { datasetDefinition, datasetNames } from '../../dataset/index.js';
import { describeEngines } from '../../engine/index.js';
import { INITIALISATIONS, loadTestProblem, testProblemNames, VARIANTS } from '../../testproblem/index.js';
import type { ListName } from '../options.js';
import { formatTable } from '../table.js';
import type { Terminal } from '../terminal.js';
import { optimizerEntries, optimizerList } from './list-optimizers.js';

/** Prints a table, or with `json` a list of objects, of what there is. */
export async function list(what: ListName, json: boolean, terminal: Terminal): Promise<void> {
  const listing = await listings[what]();
  if (json) return terminal.result(JSON.stringify(listing.entries, null, 2));
  if ('text' in listing) return terminal.result(listing.text(terminal.heading));
  const notes = (listing.notes ?? []).flatMap((note) => ['', note]);
  terminal.result([formatTable(listing.header, listing.rows, terminal.heading), ...notes].join('\n'));
}

/** A table, or a text of another form. */
type Listing = { readonly entries: readonly object[] } & (
  | {
      readonly header: readonly string[];
      readonly rows: readonly (readonly (string | number | null)[])[];
      /** Below the table. */
      readonly notes?: readonly string[];
    }
  | { readonly text: (heading: (text: string) => string) => string }
);

const listings: Record<ListName, () => Promise<Listing>> = {
  async testproblems() {
    const entries = await Promise.all(testProblemNames().map(describeTestProblem));
    const rows = entries.map((entry) => [
      entry.name,
      entry.dataset,
      entry.parameters,
      entry.batch_size,
      entry.num_epochs,
      entry.l2_reg,
      entry.has_accuracy ? 'yes' : 'no',
      entry.description,
    ]);
    const header = ['name', 'data set', 'parameters', 'batch size', 'epochs', 'l2-reg', 'accuracy', 'description'];
    return { entries, header, rows, notes: versionNotes(entries) };
  },
  async optimizers() {
    const entries = await optimizerEntries();
    return { entries, text: (heading) => optimizerList(entries, heading) };
  },
  async datasets() {
    const entries = datasetNames().map(describeDataset);
    const rows = entries.map(({ name, shape, classes, sizes, files, description }) => [
      ...[name, shape.join('x'), classes, sizes.train, sizes.valid, sizes.test, files.length, description],
    ]);
    const header = ['name', 'shape', 'classes', 'train', 'valid', 'test', 'files', 'description'];
    return { entries, header, rows };
  },
  async engines() {
    const entries = await describeEngines();
    const rows = entries.map(({ name, device, usable, default: isDefault, version, reason }) => [
      ...[name, device, usable ? 'yes' : 'no', isDefault ? 'yes' : 'no', version, reason],
    ]);
    return { entries, header: ['name', 'device', 'usable', 'default', 'version', 'reason'], rows };
  },
  async baselines() {
    const files = await readBaselineFiles(bundledBaselinesFolder());
    const entries = files.flatMap((file) =>
      baselineContenders(file).map((contender) => describeBaseline(contender, file.source)),
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

function describeBaseline(contender: Contender, source: string) {
  const { setting, origin, defects } = contender;
  return {
    testproblem: setting.testproblem,
    optimizer: setting.optimizer,
    baseline: origin,
    hyperparameters: setting.hyperparameters,
    num_epochs: setting.numEpochs,
    batch_size: setting.batchSize,
    seeds: contender.kind === 'summary' ? contender.seeds : setting.runs.map(({ seed }) => seed),
    protocol: setting.conditions.protocol,
    engine: setting.conditions.engine,
    source,
    defects,
  };
}

/** Which test problems have other versions. */
function versionNotes(entries: readonly Awaited<ReturnType<typeof describeTestProblem>>[]): string[] {
  const named = (having: 'variants' | 'init') =>
    entries.flatMap((entry) => (entry[having].length > 0 ? [entry.name] : [])).join(', ');
  return [
    `--variant tf (the network of DeepOBS' TensorFlow line, where it differs): ${named('variants')}`,
    `--init pytorch (PyTorch's own initial values): ${named('init')}`,
  ];
}

async function describeTestProblem(name: string) {
  const problem = await loadTestProblem(name);
  return {
    name,
    description: problem.description,
    dataset: problem.dataset,
    parameters: problem.parameterCount,
    batch_size: problem.defaults.batchSize,
    num_epochs: problem.defaults.numEpochs,
    l2_reg: problem.defaults.l2Reg,
    has_accuracy: problem.hasAccuracy,
    variants: problem.variant === null ? [] : [...VARIANTS],
    init: problem.init === null ? [] : [...INITIALISATIONS],
  };
}

function describeDataset(name: string) {
  const { description, shape, classes, sizes, files } = datasetDefinition(name);
  return {
    name,
    description,
    shape,
    classes,
    sizes: { train: sizes.train, valid: sizes.valid, train_eval: sizes.trainEval, test: sizes.test },
    files: files.map(({ path, md5 }) => ({ path, md5 })),
  };
}
