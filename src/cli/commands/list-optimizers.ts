import {
  describeHyperparameters,
  loadOptimizer,
  loadWrapper,
  OPTIMIZER_GROUPS,
  type OptimizerProfile,
  optimizerNames,
  wrapperNames,
} from '../../optimizer/index.js';
import { type Column, wrapText } from '../../report/layout.js';
import { isUserFile } from '../../user-file/is-user-file.js';
import type { Screen } from '../terminal.js';
import { groupedListing, listingWidth } from './grouped-listing.js';

/** An optimizer as `list optimizers --format json` shows it. */
async function describeOptimizer(nameOrFile: string) {
  const definition = await loadOptimizer(nameOrFile);
  const { profile } = definition;
  return {
    name: definition.name,
    class_name: definition.className,
    group: profile?.group ?? (isUserFile(nameOrFile) ? ('user' as const) : null),
    description: definition.description,
    caveat: definition.caveat ?? null,
    ...(profile === undefined ? {} : costs(profile)),
    hyperparameters: describeHyperparameters(definition),
  };
}

/** A wrapper among them: what it adds. */
async function describeWrapper(name: string) {
  const { className, description, profile, ...definition } = await loadWrapper(name);
  return {
    name: `${name}(…)`,
    class_name: `${className}(…)`,
    group: 'wrapper' as const,
    description,
    caveat: null,
    ...costs({ group: 'classical', gradients: 0, memory: 0, tune: [], ...profile }),
    hyperparameters: describeHyperparameters(definition),
  };
}

function costs({
  gradients,
  products,
  productsPerEpoch,
  losses,
  atMost,
  memory,
  furtherMemory,
  tune,
}: OptimizerProfile) {
  return {
    gradients_per_step: gradients,
    products_per_step: products ?? 0,
    products_per_epoch: productsPerEpoch ?? 0,
    losses_per_step: losses ?? 0,
    at_most: atMost ?? false,
    memory_vectors: memory,
    further_memory: furtherMemory ?? null,
    tune: [...tune],
  };
}

type Entry = Awaited<ReturnType<typeof describeOptimizer | typeof describeWrapper>>;

/** All optimizers in the order of their groups, and the wrappers. */
export async function optimizerEntries(files: readonly string[] = []): Promise<readonly Entry[]> {
  const optimizers = await Promise.all([...optimizerNames(), ...files].map(describeOptimizer));
  const order = Object.keys(OPTIMIZER_GROUPS);
  const place = ({ group }: Entry) => order.indexOf(group ?? '');
  const wrappers = await Promise.all(wrapperNames().map(describeWrapper));
  return [...optimizers.toSorted((left, right) => place(left) - place(right)), ...wrappers];
}

const columns: readonly Column[] = [
  { title: 'name', align: 'left', dropOrder: null, wraps: false },
  { title: 'grad.', align: 'right', dropOrder: 3, wraps: false },
  { title: 'prod.', align: 'right', dropOrder: 2, wraps: false },
  { title: 'mem.', align: 'right', dropOrder: 1, wraps: false },
  { title: 'to tune', align: 'left', dropOrder: 4, wraps: true },
];

/** The list for people: costs and what to tune in a table for each group, in common columns. */
export function optimizerList(entries: readonly Entry[], { heading, width }: Screen): string {
  const wide = listingWidth(width);
  const titles = {
    ...OPTIMIZER_GROUPS,
    user: 'of your own; their costs are counted in the run file',
    wrapper: 'wrappers, around others: --optimizer "lookahead(adam)"; what they add',
  };
  const groups = Object.entries(titles).flatMap(([group, title]) => {
    const members = entries
      .filter((entry) => entry.group === group)
      .map((entry) => ({
        cells: cells(entry),
        description: entry.description,
      }));
    return members.length === 0 ? [] : [{ title, members }];
  });
  const lines = groupedListing(columns, groups, wide, heading);
  const notes = entries.flatMap(({ name, caveat }) => (caveat === null ? [] : wrapText(`${name}: ${caveat}`, wide)));
  const legend = [
    'grad., prod.: gradients and Hessian-vector products per step; e: per epoch, in addition; ≤: at most',
    'mem.: memory kept between steps, in vectors of the size of the parameters (which are not counted); +: more, see --format json',
    'to tune: what a benchmark has to tune; probprec run --optimizer NAME --help has all hyperparameters with their defaults',
  ].flatMap((text) => wrapText(text, wide));
  return [...lines, '', ...legend, ...(notes.length === 0 ? [] : ['', ...notes])].join('\n');
}

function cells(entry: Entry): string[] {
  if (entry.group === 'user') return [entry.name, '-', '-', '-', '-'];
  const { gradients_per_step, products_per_step, products_per_epoch, at_most, memory_vectors, further_memory, tune } = {
    ...costs({ group: 'classical', gradients: 0, memory: 0, tune: [] }),
    ...entry,
  };
  const perEpoch = products_per_epoch > 0 ? `${products_per_epoch}e` : '';
  const perStep = products_per_step > 0 || perEpoch === '' ? `${at_most ? '≤' : ''}${number(products_per_step)}` : '';
  return [
    entry.name,
    number(gradients_per_step),
    [perStep, perEpoch].filter(Boolean).join('+'),
    `${number(memory_vectors)}${further_memory === null ? '' : '+'}`,
    tune.join(', ') || '-',
  ];
}

function number(value: number): string {
  return String(Number(value.toPrecision(3)));
}
