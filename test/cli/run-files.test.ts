import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listRuns } from '../../src/cli/commands/list-runs.js';
import { archiveRuns, removeRuns } from '../../src/cli/commands/run-files.js';
import { createProgram } from '../../src/cli/program.js';
import { runFilePath, writeRunFile } from '../../src/results/index.js';
import { exampleConfiguration, exampleRunFile } from '../results/example.js';
import { quietTerminal } from './quiet-terminal.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-run-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Writes a run with a tag and with kept parameters beside it; the path of its file. */
async function writeRun(seed: number, tag?: string): Promise<string> {
  const configuration = exampleConfiguration({ seed });
  const runFile = exampleRunFile({
    configuration,
    label: { tags: tag === undefined ? undefined : [tag], note: 'one line' },
  });
  const path = await writeRunFile(runFilePath(join(folder, 'results'), configuration, new Date(0)), runFile);
  const stem = `random_seed__${seed}__${runFile.configuration_hash.slice(0, 12)}`;
  await writeFile(join(dirname(path), `${stem}__epoch__1.safetensors`), 'parameters');
  return path;
}

async function files(below = folder): Promise<string[]> {
  const entries = await readdir(below, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
}

test('list runs says tags, selects by them, and names what it does not know', async () => {
  await writeRun(1, 'paper');
  await writeRun(2);
  const results: string[] = [];
  expect(await listRuns([folder], { where: ['tag=paper'], json: true }, quietTerminal(120, results))).toBe(0);
  expect(JSON.parse(results.join('\n'))).toMatchObject([{ seed: 1, tags: ['paper'], note: 'one line' }]);
  const table: string[] = [];
  expect(await listRuns([folder], { where: [], json: false }, quietTerminal(120, table))).toBe(0);
  expect(table[0]).toMatch(/seed .*tags$/);
  expect(table.slice(1).map((line) => line.includes('paper'))).toEqual([true, false]);
  await expect(listRuns([folder], { where: ['tga=paper'], json: false }, quietTerminal())).rejects.toThrow(
    /^--where: found "tga", expected some of .*did you mean tag\?/,
  );
  expect(await listRuns([join(folder, 'results')], { where: ['seed=3'], json: false }, quietTerminal())).toBe(0);
});

describe.each(['rm', 'archive'] as const)('%s', (command) => {
  const change = (paths: string[], options: { where: string[]; yes?: boolean }) =>
    command === 'rm'
      ? removeRuns(paths, options, quietTerminal())
      : archiveRuns(paths, { ...options, to: join(folder, 'old') }, quietTerminal());

  test('changes nothing without --yes', async () => {
    await writeRun(1);
    const before = await files();
    expect(await change([join(folder, 'results')], { where: [] })).toBe(0);
    expect(await files()).toEqual(before);
  });

  test('takes what belongs to the chosen runs, and no more', async () => {
    await writeRun(1, 'old');
    await writeRun(2);
    const stranger = join(folder, 'results', 'notes.txt');
    await writeFile(stranger, 'mine');
    expect(await change([join(folder, 'results')], { where: ['tag=old'], yes: true })).toBe(0);
    const left = await files(join(folder, 'results'));
    expect(left.filter((name) => name.startsWith('random_seed__1__'))).toEqual([]);
    expect(left.filter((name) => name.startsWith('random_seed__2__'))).toHaveLength(2);
    expect(await change([join(folder, 'results')], { where: [], yes: true })).toBe(0);
    // Empty folders go, the results folder and what others put there stay.
    expect(await readdir(join(folder, 'results'))).toEqual(['notes.txt']);
    if (command === 'rm') return;
    const results: string[] = [];
    await listRuns([join(folder, 'old')], { where: [], json: true }, quietTerminal(120, results));
    expect(JSON.parse(results.join('\n'))).toHaveLength(2);
    expect(await files(join(folder, 'old'))).toHaveLength(4);
  });

  test('leaves runs behind a link that leads out of the folder', async () => {
    await writeRun(1);
    await mkdir(join(folder, 'named'));
    await symlink(join(folder, 'results'), join(folder, 'named', 'link'));
    const before = await files();
    expect(await change([join(folder, 'named')], { where: [], yes: true })).toBe(1);
    expect(await files()).toEqual(before);
    expect(await change([join(folder, 'named', 'link')], { where: [], yes: true })).toBe(0);
    expect(await files(join(folder, 'results'))).toEqual([]);
  });

  test('leaves a run alone that a process trains, and files of others', async () => {
    const path = await writeRun(1);
    const { configuration_hash: hash } = exampleRunFile({ configuration: exampleConfiguration({ seed: 1 }) });
    const lock = {
      pid: process.pid,
      ...{ host: hostname(), system: null, started: null, slurm: null, nonce: 'a', since: new Date().toISOString() },
    };
    await writeFile(join(dirname(path), `random_seed__1__${hash.slice(0, 12)}.lock`), JSON.stringify(lock));
    const foreign = join(folder, 'results', 'random_seed__1__2020-01-01-00-00-00.json');
    await writeFile(foreign, '{"train_losses": [1], "test_losses": [1]}');
    const before = await files();
    expect(await change([join(folder, 'results')], { where: [], yes: true })).toBe(1);
    expect(await files()).toEqual(before);
  });
});

test('archive refuses a place where the run exists, and one inside of the results', async () => {
  await writeRun(1);
  const there = (await files()).length;
  const to = join(folder, 'old');
  const archive = (target: string) =>
    archiveRuns([join(folder, 'results')], { where: [], yes: true, to: target }, quietTerminal());
  expect(await archive(to)).toBe(0);
  await writeRun(1);
  expect(await archive(to)).toBe(1);
  expect(await files()).toHaveLength(2 * there);
  await mkdir(join(folder, 'results', 'old'));
  await expect(archive(join(folder, 'results', 'old'))).rejects.toThrow(/^--to: found .*, which is inside /);
});

test.each([
  ['--tag', 'a b', /^--tag: found "a b", expected at most 64 letters/],
  ['--tag', '../x', /^--tag: found/],
  ['--note', 'two\nlines', /^--note: found .*, expected one line/],
])('run %s %j is refused', async (option, value, message) => {
  const program = createProgram(quietTerminal());
  await expect(program.parseAsync(['run', option, value], { from: 'user' })).rejects.toThrow(message);
});
