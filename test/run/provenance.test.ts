import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readRunFile } from '../../src/results/index.js';
import { gitState } from '../../src/run/git.js';
import { provenanceOf } from '../../src/run/provenance.js';
import { userSource } from '../../src/user-file/source-identity.js';
import { runSmall } from './small-run.js';

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'probprec-git-')));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

function git(...args: readonly string[]): string {
  const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.org', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...identity, ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

async function repository(): Promise<void> {
  await mkdir(join(folder, 'lib'));
  await writeFile(join(folder, 'mine.mjs'), "import './lib/part.mjs';");
  await writeFile(join(folder, 'lib', 'part.mjs'), 'export const factor = 1;');
  await writeFile(join(folder, 'notes.txt'), 'a');
  await writeFile(join(folder, '.gitignore'), 'ignored.mjs\n');
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '-m', 'first');
}

const source = (file = 'mine.mjs') => userSource(join(folder, file));
const none = { optimizer: null, testProblem: null, dataset: null };
const provenance = () => provenanceOf({ ...none, optimizer: source() });

describe('the provenance of a user’s optimizer', () => {
  test('has the commit, and is dirty when one of its own files is not as it was committed', async () => {
    await repository();
    const { optimizer } = await provenance();
    const commit = git('rev-parse', 'HEAD').trim();
    expect(optimizer).toEqual({ file: 'mine.mjs', version: source().sha256.slice(0, 8), commit, dirty: false });
    await writeFile(join(folder, 'notes.txt'), 'b');
    expect((await provenance()).optimizer?.dirty).toBe(false);
    await writeFile(join(folder, 'lib', 'part.mjs'), 'export const factor = 2;');
    expect((await provenance()).optimizer).toMatchObject({ commit, dirty: true });
  });

  test.each([
    ['untracked', 'new.mjs'],
    ['ignored', 'ignored.mjs'],
    ['outside of the repository', '../outside.mjs'],
  ])('is dirty when a file is %s', async (_, name) => {
    const outer = folder;
    folder = join(folder, 'repository');
    await mkdir(folder);
    await repository();
    await writeFile(join(folder, name), 'export default 1;');
    await writeFile(join(folder, 'mine.mjs'), `import './${name}';`);
    git('commit', '--quiet', '-am', 'second');
    expect((await provenance()).optimizer?.dirty).toBe(true);
    folder = outer;
  });

  test('has no commit outside of a repository, in one without commits, or without git', async () => {
    await writeFile(join(folder, 'mine.mjs'), 'export default 1;');
    const unknown = { file: 'mine.mjs', version: source().sha256.slice(0, 8), commit: null, dirty: null };
    expect((await provenance()).optimizer).toEqual(unknown);
    git('init', '--quiet');
    expect((await provenance()).optimizer).toEqual(unknown);
    git('add', 'mine.mjs');
    git('commit', '--quiet', '-m', 'first');
    expect(await gitState(folder)).toMatchObject({ dirty: false });
    vi.stubEnv('PATH', join(folder, 'nothing'));
    expect((await provenance()).optimizer).toEqual(unknown);
    expect((await provenanceOf(none)).suite).toMatchObject({ commit: null, dirty: null });
  });

  test('is not confused by the environment of a git hook', async () => {
    await repository();
    vi.stubEnv('GIT_DIR', join(folder, 'nothing'));
    vi.stubEnv('GIT_WORK_TREE', '/');
    expect((await provenance()).optimizer).toMatchObject({ dirty: false });
  });
});

test('a run file has the provenance of this suite, and none of a registered optimizer', async () => {
  const { path } = await runSmall(folder, { numEpochs: 1 });
  const { provenance, suite_version } = await readRunFile(path);
  expect(provenance?.optimizer).toBeNull();
  expect(provenance?.suite.version).toBe(suite_version);
  const state = await gitState(process.cwd());
  expect(provenance?.suite.commit).toBe(state?.root === process.cwd() ? state.commit : null);
});
