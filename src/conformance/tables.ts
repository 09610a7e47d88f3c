import { groupBy } from '../group-by.js';
import type { ConformanceEntry, LineEntry, ThesisStart } from './entries.js';
import { beside, count, digits, markdownTable } from './markdown.js';
import { type Spread, standardErrorsApart } from './spread.js';
import type { Parts } from './stated.js';

/** How DeepOBS' lines are called on the page. */
const LINE_NAMES = { pytorch: 'PyTorch', tf: 'TensorFlow' } as const;

type Entries = readonly ConformanceEntry[];

/** Parameters, batch size, epochs and λ: what both have once, a difference in bold with DeepOBS' in brackets. */
export function settingsTable(entries: Entries): string[] {
  const stated = (value: number | null) => (value === null ? 'none' : count(value));
  return markdownTable(
    ['test problem', 'parameters', 'batch size', 'epochs', 'λ', 'lines of DeepOBS'],
    entries.map(({ stated: { name, batchSize, numEpochs, l2Reg }, defaults, lines }) => [
      `\`${name}\``,
      [...new Set(lines.map((line) => beside(count(line.stated.parameters), count(line.parameters))))].join('; '),
      beside(stated(batchSize), count(defaults.batchSize)),
      beside(stated(numEpochs), count(defaults.numEpochs)),
      beside(l2Reg === null ? '–' : String(l2Reg), defaults.l2Reg === null ? '–' : String(defaults.l2Reg)),
      lines.map(({ variant }) => LINE_NAMES[variant]).join(', '),
    ]),
  );
}

/** Split sizes and steps per epoch, here and in both lines. */
export function partsTable(entries: Entries): string[] {
  const partsOf = ([train, valid, test]: Parts) =>
    [count(train), valid === null ? 'none' : count(valid), count(test)].join(' / ');
  const stepsOf = (steps: number | null) => (steps === null ? 'no batch size' : count(steps));
  return markdownTable(
    ['test problem', 'here', 'steps', 'PyTorch line', 'steps', 'TensorFlow 1.1', 'steps'],
    entries.map(({ stated, parts, steps, lines }) => [
      `\`${stated.name}\``,
      partsOf(parts),
      count(steps),
      ...(['pytorch', 'tf'] as const).flatMap((variant) => {
        const line = lines.find((own) => own.variant === variant)?.stated;
        return line === undefined ? ['–', '–'] : [partsOf(line.parts), stepsOf(line.steps)];
      }),
    ]),
  );
}

/** The L2 term before training. */
export function l2Table(entries: Entries): string[] {
  return markdownTable(
    ['test problem', 'line', 'by hand', 'expected here', 'drawn here'],
    linesOf(entries, ({ stated, drawnL2 }) => [stated.l2Term, drawnL2]).flatMap(({ name, of, line }) => {
      const { stated, expectedL2, drawnL2 } = line;
      if (stated.l2Term === null || expectedL2 === null) return [];
      const decimals = stated.l2Term.split('.')[1]?.length ?? 0;
      return [
        [
          `\`${name}\``,
          of,
          stated.l2Term,
          beside(stated.l2Term, expectedL2.toFixed(decimals)),
          drawnL2 === null ? 'not drawn' : spreadText(drawnL2, 5),
        ],
      ];
    }),
  );
}

/** What was drawn beside what is stated; constants apart. */
export function initialTable(entries: Entries): string[] {
  const bounds: Readonly<Record<string, string>> = {
    uniform: '1.8, 1.732',
    truncated: '2.366, 2.274',
    normal: '3, none',
  };
  const shapeOf = (rule: string) =>
    bounds[/uniform/.test(rule) ? 'uniform' : /truncated/.test(rule) ? 'truncated' : 'normal'] ?? '';
  return markdownTable(
    ['test problem', 'line', 'DeepOBS', 'numbers', 'scale', 'kurtosis, largest as stated', 'here'],
    linesOf(entries, ({ initial }) => initial).flatMap(({ name, of, line }) =>
      line.initial.flatMap(({ rule, numbers, scale, kurtosis, largest }) =>
        scale === null || kurtosis === null
          ? []
          : [
              [
                ...[`\`${name}\``, of, rule, count(numbers), digits(scale, 5)],
                ...[shapeOf(rule), `${digits(kurtosis, 4)}, ${digits(largest, 4)}`],
              ],
            ],
      ),
    ),
  );
}

/** How many parameters start with a constant, and by how much the furthest is off. */
export function constantsLine(entries: Entries): string {
  const rows = linesOf(entries, ({ initial }) => initial).flatMap(({ line }) =>
    line.initial.filter(({ scale }) => scale === null),
  );
  const numbers = rows.reduce((sum, row) => sum + row.numbers, 0);
  const off = Math.max(...rows.map(({ largest }) => largest));
  return `Constants (biases, gains, starting points): ${count(numbers)} numbers in ${rows.length} groups, the furthest off by ${off.toExponential(1)}, which is single precision.`;
}

/** Loss and accuracy before training beside the published ones. */
export function lossTable(entries: Entries, starts: readonly ThesisStart[]): string[] {
  const thesis = starts.map(({ init, published, loss }) => [
    ...[`\`cifar10_3c3d_roos\`, \`--init ${init}\``, 'the thesis', spreadText(published, 6)],
    ...[loss === null ? 'not measured yet' : spreadText(loss, 6), apart(published, loss), null, null],
  ]);
  return markdownTable(
    ['test problem', 'line', 'published loss', 'here', 'standard errors apart', 'published accuracy', 'here'],
    [
      ...linesOf(entries, ({ published, loss }) => [published, loss]).map(({ name, of, line, entry }) => {
        const { published, loss, accuracy } = line;
        const { lossByFormula } = entry.stated;
        const theirs =
          published !== null
            ? spreadText(published.loss, 6)
            : lossByFormula !== undefined
              ? `${lossByFormula.formula} = ${digits(lossByFormula.value, 9)}`
              : 'none';
        return [
          ...[`\`${name}\``, of, theirs],
          loss === null
            ? notMeasured(entry)
            : spreadText(loss, published === null && lossByFormula !== undefined ? 9 : 6),
          apart(published?.loss ?? null, loss),
          published?.accuracy == null ? null : spreadText(published.accuracy, 4),
          published?.accuracy == null || accuracy === null ? null : spreadText(accuracy, 4),
        ];
      }),
      ...thesis,
    ],
  );
}

/** Why there is no figure: these two data sets could not be had; what else is missing has not been measured yet. */
function notMeasured({ dataset, stated }: ConformanceEntry): string {
  if (dataset === 'svhn' || dataset === 'cifar100') {
    return `not measured: no copy of ${dataset === 'svhn' ? 'SVHN' : 'CIFAR-100'} at hand`;
  }
  return stated.name.includes('vgg') ? 'not measured: hours on a processor' : 'not measured yet';
}

function apart(published: Spread | null, here: Spread | null): string | null {
  if (published === null || here === null) return null;
  const errors = standardErrorsApart(here, published);
  return errors === null || (published.std < 1e-9 && here.std < 1e-9) ? 'no spread' : digits(errors, 2);
}

function spreadText({ mean, std, n }: Spread, significant: number): string {
  return n < 2 ? digits(mean, significant) : `${digits(mean, significant)} ± ${std < 1e-9 ? 0 : digits(std, 2)}`;
}

interface Line {
  readonly name: string;
  /** The lines of DeepOBS that it is about. */
  readonly of: string;
  readonly line: LineEntry;
  readonly entry: ConformanceEntry;
}

/** The lines of all test problems; those of one test problem are one where `same` says the same of them. */
function linesOf(entries: Entries, same: (line: LineEntry) => unknown): Line[] {
  return entries.flatMap((entry) => {
    const alike = groupBy(entry.lines, (line) => JSON.stringify(same(line)));
    return [...alike.values()].flatMap((lines) => {
      const [line] = lines;
      if (line === undefined) return [];
      return [{ name: entry.stated.name, of: lines.map(({ variant }) => LINE_NAMES[variant]).join(', '), line, entry }];
    });
  });
}
