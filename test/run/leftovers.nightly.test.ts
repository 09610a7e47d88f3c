import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ownIdentity } from '../../src/process-identity.js';
import { readRunFile } from '../../src/results/index.js';
import { type RunEvent, resolveConfiguration } from '../../src/run/index.js';
import { runPlace } from '../../src/run/place.js';
import { isAbandoned, temporaryName } from '../../src/temporary-name.js';
import { interruptedWhen, runSmall, smallRequest, temporaryFolder } from './small-run.js';

let folder: string;
let stem: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  stem = runPlace(folder, (await resolveConfiguration(smallRequest)).configuration).stem;
  await mkdir(dirname(stem), { recursive: true });
});
afterEach(() => rm(folder, { recursive: true }));

async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'close');
  return child.pid ?? 0;
}

/** The name that a process with this number, which has ended, gave its temporary file. */
const nameOf = (name: string, pid: number) => temporaryName(name, '.tmp').replace(/\.\d+-\d+-/, `.${pid}-1-`);

const interrupted = () => interruptedWhen((event) => event.type === 'step' && event.epoch === 3);

describe('temporary files', () => {
  test('are known by their process', async () => {
    const own = temporaryName('.x', '.tmp');
    expect(isAbandoned(own, 0)).toBe(false);
    expect(isAbandoned(nameOf('.x', await endedProcess()), Date.now())).toBe(true);
    // Another start of the same number, another host, a name of an earlier version: the last two after an hour.
    expect(isAbandoned(own.replace(/-\d+-/, '-1-'), Date.now())).toBe(true);
    for (const name of [own.replace(/-[0-9a-f]{8}-/, '-00000000-'), '.x.123-abcdef01.tmp']) {
      expect(isAbandoned(name, Date.now() - 3_500_000)).toBe(false);
      expect(isAbandoned(name, Date.now() - 3_700_000)).toBe(true);
    }
  });

  /** What a killed process of this run, and others, have left; true: it goes. */
  async function litter(): Promise<Record<string, boolean>> {
    const pid = await endedProcess();
    const name = basename(stem);
    const content = (number: number, nonce: string) =>
      JSON.stringify({ ...ownIdentity(), pid: number, since: new Date(), nonce });
    const files: [string, string, boolean][] = [
      [nameOf(`.${name}.checkpoint`, pid), 'half', true],
      [nameOf('.random_seed__42__2026-01-01-00-00-00.json', pid), '{', true],
      [nameOf('.probprec', pid), '', true],
      [`.${name}.lock.0123456789abcdef.tmp`, content(pid, 'a'), true],
      [`${name}.lock.0123456789abcdef.takeover`, content(pid, 'b'), true],
      [`.${name}.lock.ffff456789abcdef.tmp`, content(process.pid, 'c'), false],
      [temporaryName('.random_seed__42__2026-01-01-00-00-01.json', '.tmp'), '{', false],
      ['.random_seed__42__2026-01-01-00-00-02.json.123-abcdef01.tmp', '{', false],
      [nameOf('.random_seed__43__2026-01-01-00-00-00.json', pid), '{', false],
      ['notes.txt', 'mine', false],
    ];
    for (const [file, text] of files) await writeFile(join(dirname(stem), file), text);
    return Object.fromEntries(files.map(([file, , goes]) => [file, goes]));
  }

  test.each(['a new run', 'a completed run'])('of dead processes go with %s, those of others stay', async (when) => {
    if (when === 'a completed run') await runSmall(folder);
    const files = await litter();
    const { path, alreadyComplete } = await runSmall(folder);
    expect(alreadyComplete).toBe(when === 'a completed run');
    const kept = Object.keys(files).filter((name) => files[name] === false);
    expect((await readdir(dirname(stem))).sort()).toEqual([...kept, basename(path)].sort());
  });
});

test('a completed run loses what its killed process had no time to remove', async () => {
  await runSmall(folder, {}, interrupted());
  const names = (await readdir(dirname(stem))).filter((name) => /\.(checkpoint|journal)$/.test(name));
  expect(names).toHaveLength(2);
  const kept = await Promise.all(names.map(async (name) => [name, await readFile(join(dirname(stem), name))] as const));
  const { path } = await runSmall(folder);
  for (const [name, content] of kept) await writeFile(join(dirname(stem), name), content);
  const lock = { ...ownIdentity(), pid: await endedProcess(), since: new Date(), nonce: 'left' };
  await writeFile(`${stem}.lock`, JSON.stringify(lock));
  expect((await runSmall(folder)).alreadyComplete).toBe(true);
  expect(await readdir(dirname(stem))).toEqual([basename(path)]);
});

test('--overwrite starts at epoch 0, whatever is left', async () => {
  await runSmall(folder, {}, interrupted());
  const { events, runFile } = await runSmall(folder, {}, { overwrite: true });
  expect(events.find(({ type }) => type === 'start')).toMatchObject({ resumedFromEpoch: null });
  expect(runFile.resumed).toEqual([]);
});

test('a completed run stays completed when its checkpoint cannot be removed', async () => {
  // rm without recursion refuses a folder in the place of the checkpoint, for the superuser as well.
  const { runFile, path, events } = await runSmall(
    folder,
    {},
    {
      onEvent: (event) => {
        if (event.type !== 'evaluation' || event.epoch !== 3) return;
        spawnSync('rm', ['-f', `${stem}.checkpoint`]);
        spawnSync('mkdir', [`${stem}.checkpoint`]);
      },
    },
  );
  expect(runFile.status.state).toBe('completed');
  expect((await readRunFile(path)).status.state).toBe('completed');
  const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
  expect(warnings).toEqual([expect.stringMatching(/\.checkpoint: cannot be removed \(.*\); the run is complete/)]);
  expect((await runSmall(folder)).alreadyComplete).toBe(true);
});

test('the first error is the one that is reported, whatever the lock says', async () => {
  const first = new Error('the first one');
  const events: RunEvent[] = [];
  const { error } = await runSmall(
    folder,
    {},
    {
      onEvent: (event) => {
        events.push(event);
        if (event.type !== 'epoch') return;
        spawnSync('rm', ['-f', `${stem}.lock`]);
        spawnSync('mkdir', [`${stem}.lock`]);
        throw first;
      },
    },
  );
  expect(error).toBe(first);
  expect(events.at(-1)).toEqual({ type: 'warning', message: expect.stringMatching(/\.lock: .*cannot be removed/) });
});
