import { datasetDefinition, datasetNames } from '../../dataset/index.js';
import { describeNameSetting } from '../../name-settings.js';
import { type Column, wrapText } from '../../report/layout.js';
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
import type { Screen } from '../terminal.js';
import { groupedListing, listingWidth } from './grouped-listing.js';

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

const columns: readonly Column[] = [
  { title: 'name', align: 'left', dropOrder: null, wraps: false },
  { title: 'set', align: 'left', dropOrder: 6, wraps: false },
  { title: 'epoch', align: 'left', dropOrder: 7, wraps: false },
  { title: 'parameters', align: 'right', dropOrder: 5, wraps: false },
  { title: 'batch', align: 'right', dropOrder: 4, wraps: false },
  { title: 'epochs', align: 'right', dropOrder: 3, wraps: false },
  { title: 'l2-reg', align: 'right', dropOrder: 2, wraps: false },
  { title: 'acc.', align: 'left', dropOrder: 1, wraps: false },
];

/** The list for people: a table for each data set, in common columns. */
export async function testProblemList(entries: readonly Entry[], { heading, width }: Screen): Promise<string> {
  const wide = listingWidth(width);
  const groups = datasetsOf(entries).flatMap((dataset) => {
    const members = entries
      .filter((entry) => entry.dataset === dataset)
      .map((entry) => ({
        cells: cells(entry),
        description: entry.description,
      }));
    return members.length === 0 ? [] : [{ title: titleOf(dataset), members }];
  });
  const notes = [...legend, ...versionNotes(entries), ...(await familyNotes(entries))];
  const lines = groupedListing(columns, groups, wide, heading);
  return [...lines, '', ...notes.flatMap((note) => wrapText(note, wide))].join('\n');
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

function cells(entry: Entry): string[] {
  const { name, set, epoch_takes, parameters, batch_size, num_epochs, l2_reg, has_accuracy } = entry;
  return [
    ...[name, set ?? '', epoch_takes, parameters.toLocaleString('en-US'), String(batch_size), String(num_epochs)],
    ...[l2_reg === null ? '-' : String(l2_reg), has_accuracy ? 'yes' : 'no'],
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
