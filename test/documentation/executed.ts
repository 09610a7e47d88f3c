import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { QUICK } from '../cli/command.js';
import { loadedCommand } from '../cli/loaded-command.js';
import type { DocumentedCommand } from './commands.js';

/** A documented command that is not executed, and why. */
interface Exception {
  readonly place: RegExp;
  readonly line: RegExp;
  readonly why: string;
}

export const EXCEPTIONS: readonly Exception[] = [
  { place: /tutorial\.md/, line: /^/, why: 'tutorial.nightly.test.ts executes the page as it stands, on real data' },
  { place: /README/, line: /\bexample\.yaml/, why: 'test/report/readme.long.test.ts executes them' },
  { place: /^/, line: /^probprec data fetch/, why: 'needs the network' },
  { place: /^/, line: /^probprec data verify/, why: 'fails, as it should, where the published files are not' },
  {
    place: /experiments\.md/,
    line: /^/,
    why: 'takes hours; test/experiment/run.nightly.test.ts runs all at the smallest scale',
  },
];

/** A line that describes commands, with what is optional or to be filled in, and not one that can be typed. */
export const isSyntax = (line: string): boolean =>
  /[[\]…]|\w\|\w|[= ]<|\b[A-Z]{3,}(?:=|\b)(?!\.)/.test(line.replaceAll(/"[^"]*"|'[^']*'/g, ''));

/** Whether a command is executed by these tests. */
export const isExecuted = ({ place, line }: DocumentedCommand): boolean =>
  !isSyntax(line) && !EXCEPTIONS.some((exception) => exception.place.test(place) && exception.line.test(line));

/** Whether it trains, measures or starts many processes: the others take moments. */
export const takesLong = ({ line }: DocumentedCommand): boolean =>
  /^probprec (run .*--optimizer (?!.*--help)|sweep run|curvature|runtime|doctor|report|plot)/.test(line);

const SMALL = ['--data', 'synthetic', '--synthetic-size', '1500'];

/** The command as it is executed: on few synthetic examples, with fewer epochs, repeats, settings, seeds and probes; all else as it stands. */
export function small(words: readonly string[]): string[] {
  const command = words[0] === 'sweep' ? `sweep ${words[1]}` : (words[0] ?? '');
  const replaced = words.map((word, index) => {
    const option = words[index - 1];
    if (option === '--num-epochs') return String(Math.max(1, Math.round(Number(word) / 10)));
    if (option === '--at') return word.replaceAll('00', '');
    if (option === '--synthetic-size') return '1500';
    if (option === '--repeats') return '1';
    if (option === '--lanczos') return '12';
    if (option === '--seeds') return word.replace(/(\d+)-\d+/, (_, first) => `${first}-${Number(first) + 1}`);
    if (option === '--batch-size' && Number(word) > 100) return '100';
    return word === 'lr=deepobs' ? 'lr=0.1,0.3' : word;
  });
  // A page shows several ways to write the same files.
  if (command === 'sweep commands') return [...replaced, '--overwrite'];
  if (!['run', 'runtime', 'curvature', 'sweep plan'].includes(command) || words.includes('--help')) return replaced;
  const further = [...(words.includes('--data') || words.includes('quadratic_deep') ? [] : SMALL)];
  if (command !== 'curvature' && !words.includes('--num-epochs')) further.push('--num-epochs', '1');
  if (command === 'runtime' && !words.includes('--repeats')) further.push('--repeats', '1');
  if (command === 'runtime' && !words.includes('--optimizers')) further.push('--optimizers', 'momentum');
  if (!words.includes('--batch-size')) further.push('--batch-size', '32');
  if (command === 'curvature')
    further.push(...(words.includes('--lanczos') ? [] : ['--lanczos', '12']), '--probes', '1', '--trace-probes', '2');
  if (command === 'sweep plan') further.push('--overwrite');
  return [...replaced, ...further];
}

/** Executes a documented line in a folder; what it writes into a file by `>` or `>>` is written there. */
export async function execute(line: string, folder: string) {
  const words = (line.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [])
    .slice(1)
    .map((word) => word.replaceAll(/["']/g, '').replaceAll(/\$seed/g, '1'));
  const into = words.findIndex((word) => /^>>?$/.test(word));
  const args = small(into < 0 ? words : words.slice(0, into));
  const { code, stdout, stderr } = await loadedCommand(args, { cwd: folder, env: { COLUMNS: '100' } });
  if (into >= 0) {
    const file = join(folder, (words[into + 1] ?? '').replace(/^~\//, ''));
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, stdout, { flag: words[into] === '>>' ? 'a' : 'w' });
  }
  return { typed: ['probprec', ...args].join(' '), code, stdout, stderr };
}

/** What the pages take to be there: results of several optimizers, plans, files of a user's own. */
export async function prepare(folder: string): Promise<void> {
  const shared = ['--testproblem', 'mnist_logreg', ...QUICK, ...SMALL];
  const wanted = async (...args: string[]) => {
    const { code, stderr } = await loadedCommand(args, { cwd: folder });
    if (code !== 0) throw new Error(`probprec ${args.join(' ')}: ${stderr}`);
  };
  await mkdir(join(folder, 'docs'), { recursive: true });
  for (const [optimizer, seed, output] of [
    ['sgd', '42', 'results'],
    ['sgd', '43', 'results'],
    ['adam', '42', 'results'],
    ['adam', '43', 'results'],
    ['sgd', '44', 'results/v1'],
    ['sgd', '44', 'results/v2'],
  ] as const) {
    const own = ['--optimizer', optimizer, '--lr', '0.1', '--seed', seed, '--output-dir', output];
    await wanted('run', ...shared, ...own, '--quiet');
  }
  await wanted('run', ...shared, '--optimizer', 'preconditioned-sgd', '--output-dir', 'results', '--quiet');
  for (const plan of ['plan.yaml', 'tune.yaml']) {
    await wanted('sweep', 'plan', ...shared, '--optimizer', 'sgd', '--grid', 'lr=0.1,0.3', '--seeds', '42', '-o', plan);
  }
  await wanted('sweep', 'run', 'plan.yaml', '--quiet');
  const tune = await readFile(join(folder, 'tune.yaml'), 'utf8');
  const resources = `resources:
  time: "04:00:00"
  mem: 4G
  kubernetes: { image: registry.example/probprec, volumes: [{ claim: sweeps, path: /plans }] }
`;
  await writeFile(join(folder, 'tune.yaml'), tune.replace('resources:\n', resources));
  await cp(new URL('../../examples/datasets/two-moons.ts', import.meta.url), join(folder, 'two-moons.ts'));
  const moons = await readFile(new URL('../../examples/testproblems/moons-mlp.mjs', import.meta.url), 'utf8');
  await writeFile(join(folder, 'moons.mjs'), moons.replace('../datasets/two-moons.ts', './two-moons.ts'));
  const signum = await readFile(fileURLToPath(new URL('../../docs/tutorial.md', import.meta.url)), 'utf8');
  const [, optimizer = ''] = /^```js\n([\s\S]*?)^```/m.exec(signum) ?? [];
  const named = (name: string) =>
    optimizer.replace(/name: '[^']*'/, `name: '${name}'`).replace('learningRate()', 'learningRate().default(0.01)');
  await writeFile(join(folder, 'mine.mjs'), named('mine'));
  await writeFile(join(folder, 'mine.ts'), named('mine'));
  await writeFile(
    join(folder, 'letters.mjs'),
    `import { defineDataset } from 'probprec';
const images = (count) => ({ inputs: new Float32Array(784 * count).map((_, i) => (i % 7) / 7), labels: new Int32Array(count).map((_, i) => i % 10) });
export default defineDataset({ name: 'letters', description: 'no letters', shape: [1, 28, 28], classes: 10,
  sizes: { train: 300, valid: 50, test: 50 }, load: () => ({ train: images(350), test: images(50) }), synthetic: ({ count }) => images(count) });
`,
  );
}
