import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { API, type Checker, type Symbol as ExportedSymbol, SymbolFlags } from 'typescript/unstable/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProgram } from '../src/cli/program.js';
import { createTerminal } from '../src/cli/terminal.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, unknown>>;
};
/** `probprec`, `probprec/analysis`, … */
const paths = Object.keys(manifest.exports)
  .filter((path) => path !== './package.json')
  .map((path) => path.replace(/^\./, 'probprec'));

/** A program of a stranger's: what it imports must be there, with its types. */
const CONSUMER = `import { chain, defineOptimizer, executeRun, learningRate, openProblem, type RunEvent, scaleByLearningRate, stateless, tensor, z } from 'probprec';
import { compare, type Comparison, mean } from 'probprec/analysis';
import { lanczos, measureCurvature, type Operator } from 'probprec/curvature';
import { experimentNames, loadExperiment } from 'probprec/experiment';
import { comparisonLatex, reportPage } from 'probprec/report';
import { METRICS, type Metric, readResults, type RunFile } from 'probprec/results';
import { Pool, type PoolEvent, readPlan } from 'probprec/sweep';
import { gradients, input, type Tensor } from 'probprec/tensor';
import { compareRuntime } from 'probprec/timing';

export const optimizer = defineOptimizer({
  name: 'mine',
  className: 'Mine',
  description: 'mine',
  hyperparameters: z.strictObject({ lr: learningRate() }),
  transformation: ({ lr }) => chain(stateless((gradient) => tensor.sign(gradient)), scaleByLearningRate(lr)),
});
const x: Tensor = input('x', [2]);
export const slopes: readonly Tensor[] = gradients(tensor.sum(tensor.square(x)), [x]);
export const metric: Metric = 'test_losses';
export async function table(folder: string): Promise<string> {
  const comparison: Comparison = compare((await readResults([folder])).runs);
  return comparisonLatex(comparison);
}
export const onEvent = (event: RunEvent): string => event.type;
export const ofPool = (event: PoolEvent): string => event.type;
export const losses = (file: RunFile): number => mean(file.test_losses.map(Number));
// @ts-expect-error a metric is one of a few
export const wrong: Metric = 7;
// @ts-expect-error a tensor is no number
export const number: number = x;
export type Map = Operator;
export const used = [executeRun, openProblem, lanczos, measureCurvature, experimentNames, loadExperiment, reportPage, METRICS, Pool, readPlan, compareRuntime];
`;

let folder: string;
let installed: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-packed-'));
  const { status, stderr } = run('npm', 'pack', root, '--ignore-scripts', '--pack-destination', folder);
  expect(status, stderr).toBe(0);
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? '';
  expect(run('tar', '-xzf', tarball).status).toBe(0);
  const modules = join(folder, 'node_modules');
  await mkdir(modules);
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (!name.startsWith('.')) await symlink(join(root, 'node_modules', name), join(modules, name));
  }
  installed = join(modules, 'probprec');
  await rename(join(folder, 'package'), installed);
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'consumer.ts'), CONSUMER);
  const options = { module: 'nodenext', moduleResolution: 'nodenext', target: 'es2023', strict: true, noEmit: true };
  const files = ['consumer.ts', 'all.ts'];
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...options, types: [], skipLibCheck: true }, files }),
  );
  const imports = paths.map((path, index) => `export * as _${index} from '${path}';`);
  await writeFile(join(folder, 'all.ts'), imports.join('\n'));
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

function run(command: string, ...args: string[]) {
  return spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
}

describe('the packed library', () => {
  test('has types that a program with moduleResolution nodenext finds', { timeout: 120_000 }, () => {
    const { stdout, status } = run(process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '-p', '.');
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  test('says of every name what it is, and has every value when it runs', { timeout: 120_000 }, async () => {
    const api = new API({ cwd: folder });
    try {
      const config = join(folder, 'tsconfig.json');
      const project = api.updateSnapshot({ openProjects: [config] }).getProject(config);
      const file = project?.program.getSourceFile(join(folder, 'all.ts'));
      const module = file && project?.checker.getSymbolAtLocation(file);
      if (project === undefined || module === undefined) throw new Error('the compiler does not know all.ts');
      const { checker } = project;
      const surface = await readFile(surfaceOf('probprec'), 'utf8');
      const values = await valuesOf();
      for (const [index, namespace] of checker.getExportsOfModule(module).entries()) {
        const names = checker.getExportsOfModule(resolved(checker, namespace));
        expect(names.length, paths[index]).toBeGreaterThan(4);
        const documented = names.map((name) => [name.name, documentation(checker, name, surface)] as const);
        expect(documented.filter(([, text]) => text.length < 12).map(([name]) => `${paths[index]}: ${name}`)).toEqual(
          [],
        );
        // A class that is exported as a type has no value.
        const text = await readFile(surfaceOf(paths[index] ?? ''), 'utf8');
        const wanted = names.filter(
          (name) =>
            (resolved(checker, name).flags & SymbolFlags.Value) !== 0 && !new RegExp(`type ${name.name}\\b`).test(text),
        );
        expect(values[index]?.toSorted()).toEqual(wanted.map(({ name }) => name).toSorted());
      }
    } finally {
      api.close();
    }
  });

  test("is what users' files mean by its name, with its paths", async () => {
    await writeFile(
      join(folder, 'mine.mjs'),
      `import { defineOptimizer, learningRate, scaleByLearningRate, chain, stateless, z } from 'probprec';
import { sign } from 'probprec/tensor';
export default defineOptimizer({ name: 'mine', className: 'Mine', description: 'mine',
  hyperparameters: z.strictObject({ lr: learningRate().default(0.1) }),
  transformation: ({ lr }) => chain(stateless((g) => sign(g)), scaleByLearningRate(lr)) });
`,
    );
    const { stdout, status } = run(process.execPath, join(installed, 'dist/src/cli/main.js'), 'check', './mine.mjs');
    expect(stdout).not.toContain('wrong');
    expect(status).toBe(0);
  });

  function surfaceOf(path: string): string {
    const [, name] = path.split('/');
    return join(installed, 'dist/src', name === undefined ? 'index.d.ts' : `library/${name}.d.ts`);
  }

  /** The names of each path when it is imported. */
  async function valuesOf(): Promise<string[][]> {
    const modules = paths.map((path) => `await import('${path}')`).join(', ');
    await writeFile(
      join(folder, 'names.js'),
      `console.log(JSON.stringify([${modules}].map((own) => Object.keys(own))));`,
    );
    const { stdout, stderr, status } = run(process.execPath, 'names.js');
    expect(status, stderr).toBe(0);
    return JSON.parse(stdout);
  }
});

function resolved(checker: Checker, symbol: ExportedSymbol): ExportedSymbol {
  return (symbol.flags & SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
}

/** The doc comment of a name where it is declared; of a module that is exported as a name, where that is done. */
function documentation(checker: Checker, symbol: ExportedSymbol, surface: string): string {
  const declared = resolved(checker, symbol).getDocumentationComment(checker);
  if (declared !== '') return declared;
  return (
    new RegExp(`/\\*\\* (.*) \\*/\nexport (?:\\* as ${symbol.name}|\\{ ${symbol.name} \\}) from`).exec(surface)?.[1] ??
    ''
  );
}

describe('docs/library.md', async () => {
  const text = await readFile(join(root, 'docs', 'library.md'), 'utf8');

  test('names every path', () => {
    const named = [...text.matchAll(/^\| `(probprec[/\w]*)` \|/gm)].map(([, path]) => path);
    expect(named.toSorted()).toEqual(paths.toSorted());
  });

  test('names functions for every command, and they are there', async () => {
    const rows = [...text.matchAll(/^\| `([\w -]+)` \| (.*) \|$/gm)].filter(
      ([, name = '']) => !name.startsWith('probprec'),
    );
    // What is about the command line itself has no function.
    const ofTheCommandLine = ['completion', 'help'];
    const all = createProgram(createTerminal(process)).commands.filter((own) => !ofTheCommandLine.includes(own.name()));
    const commands = all.flatMap((command) =>
      command.name() === 'sweep' ? command.commands.map((own) => `sweep ${own.name()}`) : [command.name()],
    );
    expect(rows.map(([, command]) => command).toSorted()).toEqual(commands.toSorted());
    for (const [, command = '', cell = ''] of rows) {
      const groups = [...cell.matchAll(/((?:`\w+`(?:, )?)+) of `(probprec(?:\/(\w+))?)`/g)];
      expect(groups.length, command).toBeGreaterThan(0);
      for (const [, functions = '', , path] of groups) {
        const module = (await import(path === undefined ? '../src/index.js' : `../src/library/${path}.ts`)) as object;
        const names = [...functions.matchAll(/\w+/g)].map(([name]) => name);
        expect(
          names.filter((name) => !(name in module)),
          `${command}: ${path}`,
        ).toEqual([]);
      }
    }
  });
});
