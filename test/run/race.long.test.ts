import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ownIdentity } from '../../src/process-identity.js';
import { readRunFile, reproducibleContent } from '../../src/results/index.js';
import { resolveConfiguration } from '../../src/run/index.js';
import { runPlace } from '../../src/run/place.js';
import { command } from '../cli/command.js';
import { smallRequest, temporaryFolder } from './small-run.js';

/** PROBPREC_LONG_TESTS=1 races eight times. */
const ROUNDS = process.env.PROBPREC_LONG_TESTS === '1' ? 8 : 2;
const WRITERS = 8;

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true }));

const args = (output: string) => [
  ...['run', '--testproblem', 'mnist_logreg', '--optimizer', 'sgd', '--lr', '0.1', '--data', 'synthetic'],
  ...['--synthetic-size', '600', '--num-epochs', '3', '--batch-size', '32', '--threads', '1', '--quiet'],
  ...['--output-dir', output],
];

/** The lock of a process that has ended, where the writers want theirs. */
async function leaveStaleLock(output: string): Promise<void> {
  const { configuration } = await resolveConfiguration(smallRequest);
  const ended = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(ended, 'close');
  const stem = runPlace(output, configuration).stem;
  await mkdir(dirname(stem), { recursive: true });
  const lock = { ...ownIdentity(), pid: ended.pid, since: new Date().toISOString(), nonce: 'left' };
  await writeFile(`${stem}.lock`, JSON.stringify(lock));
}

test(`${WRITERS} writers of one run, ${ROUNDS} times: one trains, the others say so, and nothing is left`, {
  timeout: ROUNDS * 120_000,
}, async () => {
  const whole = await command(args('whole'), { cwd: folder });
  const expected = reproducibleContent(await readRunFile(join(folder, whole.stdout.trim())));
  for (let round = 0; round < ROUNDS; round++) {
    const output = join(folder, `race-${round}`);
    if (round % 2 === 1) await leaveStaleLock(output);
    const all = await Promise.all(Array.from({ length: WRITERS }, () => command(args(output))));
    const said = all.map(({ code, stderr }) => ({
      trained: code === 0 && stderr === '',
      found: code === 0 && stderr.startsWith('already complete'),
      left: code === 1 && /^probprec: another process trains this run already: process \d+ on host .*\n$/.test(stderr),
    }));
    expect(
      said.filter(({ trained }) => trained),
      JSON.stringify(all, null, 1),
    ).toHaveLength(1);
    expect(said.filter(({ trained, found, left }) => trained || found || left)).toHaveLength(WRITERS);
    const path = all.find((_, index) => said[index]?.trained)?.stdout.trim() ?? '';
    expect(reproducibleContent(await readRunFile(path))).toEqual(expected);
    expect(await readdir(dirname(path))).toEqual([basename(path)]);
  }
});
