import { datasetDefinition, datasetNames } from '../../dataset/index.js';
import { describeNameSetting } from '../../name-settings.js';
import { wrapText } from '../../report/layout.js';
import {
  costClass,
  deepobsSet,
  INITIALISATIONS,
  loadTestProblem,
  problemFamily,
  testProblemNames,
  VARIANTS,
} from '../../testproblem/index.js';
import { isUserFile } from '../../user-file/is-user-file.js';
import { formatTable } from '../table.js';

/** Columns that the list may have. */
const WIDTH = 80;

/** A test problem as `list testproblems --format json` shows it. */
async function describeTestProblem(nameOrFile: string) {
  const problem = await loadTestProblem(nameOrFile);
  const { name } = problem;
  const family = isUserFile(nameOrFile) ? null : await problemFamily(nameOrFile);
  return {
    name,
    description: problem.description,
    dataset: problem.dataset,
    set: deepobsSet(name),
    epoch_takes: costClass(problem, (problem.ownDataset ?? datasetDefinition(problem.dataset)).sizes.train),
    parameters: problem.parameterCount,
    batch_size: problem.defaults.batchSize,
    num_epochs: problem.defaults.numEpochs,
    l2_reg: problem.defaults.l2Reg,
    has_accuracy: problem.hasAccuracy,
    variants: problem.variant === null ? [] : [...VARIANTS],
    init: problem.init === null ? [] : [...INITIALISATIONS],
    name_settings: (family?.settings ?? []).map(({ letter, what, default: usual, least, most }) => ({
      ...{ letter, what, default: usual, least, most },
    })),
  };
}

type Entry = Awaited<ReturnType<typeof describeTestProblem>>;

/** All test problems, by data set in the order of `list datasets`, the cheap ones first. */
export async function testProblemEntries(files: readonly string[] = []): Promise<readonly Entry[]> {
  const entries = await Promise.all([...testProblemNames(), ...files].map(describeTestProblem));
  const datasets = datasetsOf(entries);
  const place = ({ dataset }: Entry) => datasets.indexOf(dataset);
  const cost = ({ epoch_takes }: Entry) => ['seconds', 'minutes', 'hours'].indexOf(epoch_takes);
  return entries.toSorted((left, right) => place(left) - place(right) || cost(left) - cost(right));
}

/** The registered data sets, then those of users' test problems. */
function datasetsOf(entries: readonly Entry[]): readonly string[] {
  return [...new Set([...datasetNames(), ...entries.map(({ dataset }) => dataset)])];
}

/** The list for people, in 80 columns: a table for each data set, what each test problem is below its name. */
export async function testProblemList(entries: readonly Entry[], heading: (text: string) => string): Promise<string> {
  const titles = ['name', 'set', 'epoch', 'parameters', 'batch', 'epochs', 'l2-reg', 'acc.'];
  const [header = '', ...rows] = formatTable(titles, entries.map(cells)).split('\n');
  const lines = datasetsOf(entries).flatMap((dataset) => {
    const own = entries.flatMap((entry, index) =>
      entry.dataset === dataset ? [{ entry, row: rows[index] ?? '' }] : [],
    );
    if (own.length === 0) return [];
    const members = own.flatMap(({ entry, row }) => [row, ...wrapText(entry.description, WIDTH, '    ', '    ')]);
    return ['', heading(titleOf(dataset)), header, ...members];
  });
  const notes = [...legend, ...versionNotes(entries), ...(await familyNotes(entries))];
  return [...lines.slice(1), '', ...notes.flatMap((note) => wrapText(note, WIDTH))].join('\n');
}

function titleOf(dataset: string): string {
  return datasetNames().includes(dataset)
    ? `${dataset}: ${datasetDefinition(dataset).description}`
    : `${dataset}: yours`;
}

const legend = [
  "set: of DeepOBS' two official sets, the small or the large one",
  'epoch: what an epoch takes on a processor of 100 GFLOP/s, roughly; where it is hours, a GPU is wanted',
  'acc.: whether it has an accuracy',
];

function cells(entry: Entry): (string | number | null)[] {
  return [
    ...[entry.name, entry.set ?? '', entry.epoch_takes, entry.parameters, entry.batch_size, entry.num_epochs],
    ...[entry.l2_reg, entry.has_accuracy ? 'yes' : 'no'],
  ];
}

/** Which test problems have other versions. */
function versionNotes(entries: readonly Entry[]): string[] {
  const named = (having: 'variants' | 'init') =>
    entries.flatMap((entry) => (entry[having].length > 0 ? [entry.name] : [])).join(', ');
  return [
    `--variant tf (the network of DeepOBS' TensorFlow line, where it differs): ${named('variants')}`,
    `--init pytorch (PyTorch's own initial values): ${named('init')}`,
  ];
}

/** What the names of families may state. */
async function familyNotes(entries: readonly Entry[]): Promise<string[]> {
  const families = entries.filter(({ name_settings }) => name_settings.length > 0);
  const settings = await Promise.all(families.map(async ({ name }) => (await problemFamily(name))?.settings ?? []));
  const described = new Map(settings.flat().map((setting) => [setting.letter, describeNameSetting(setting)]));
  const members = families.map(
    ({ name, name_settings }) => `${name} (${name_settings.map(({ letter }) => letter).join(', ')})`,
  );
  return families.length === 0
    ? []
    : [
        `families, whose names may state settings, as quadratic_log_d50_c100_n0.1 does: ${members.join(', ')}`,
        ...described.values(),
      ];
}
