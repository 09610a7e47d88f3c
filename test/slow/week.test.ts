import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readRunFile, reproducibleContent } from '../../src/results/index.js';
import { main } from '../cli/command.js';

/** As many epochs as a week of a large problem has steps to save; fewer with PROBPREC_WEEK_EPOCHS. */
const EPOCHS = Number(process.env.PROBPREC_WEEK_EPOCHS ?? 10_000);
const BETWEEN_KILLS = 200;

const folder = await mkdtemp(join(tmpdir(), 'probprec-week-'));
afterAll(() => rm(folder, { recursive: true }));

interface Sample {
  readonly epoch: number;
  /** Resident memory in MB. */
  readonly memory: number;
  readonly descriptors: number;
}

async function sample(child: ChildProcess, epoch: number): Promise<Sample | null> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
  const memory = Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? Number.NaN) / 1024;
  const descriptors = (await readdir(`/proc/${child.pid}/fd`).catch(() => [])).length;
  return Number.isFinite(memory) && descriptors > 0 ? { epoch, memory, descriptors } : null;
}

/** Runs until it ends, or for so many epochs; then it is killed. Samples every hundredth epoch, and the last before the kill. */
async function start(output: string, most: number) {
  const args = ['run', '--testproblem', 'quadratic_deep', '--optimizer', 'adam', '--lr', '0.001', '--threads', '1'];
  const child = spawn(process.execPath, [main, ...args, '--num-epochs', String(EPOCHS), '--output-dir', output], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  const samples: Promise<Sample | null>[] = [];
  let [first, last, stdout, rest] = [-1, 0, '', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const epoch = Number(/^epoch (\d+)\//.exec(line)?.[1] ?? Number.NaN);
      if (!Number.isFinite(epoch) || epoch === last) continue;
      if (first < 0) first = epoch;
      last = epoch;
      const over = epoch - first >= most;
      if (over || epoch % 100 === 0) samples.push(sample(child, epoch));
      if (over) child.kill('SIGKILL');
    }
  });
  const [code] = await ended;
  return { code: code as number | null, stdout, last, samples: (await Promise.all(samples)).filter((s) => s !== null) };
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

function expectFlat(samples: readonly Sample[]): string {
  const third = Math.floor(samples.length / 3);
  const [early, late] = [samples.slice(0, third), samples.slice(-third)];
  const memory = [early, late].map((part) => median(part.map((s) => s.memory)));
  const descriptors = [early, late].map((part) => median(part.map((s) => s.descriptors)));
  const said = `memory ${memory.map((mb) => mb.toFixed(0)).join(' → ')} MB, descriptors ${descriptors.join(' → ')}`;
  expect(memory[1], said).toBeLessThan((memory[0] ?? 0) * 1.25);
  expect(descriptors[1], said).toBeLessThanOrEqual((descriptors[0] ?? 0) + 2);
  return said;
}

test.skipIf(process.platform !== 'linux')(
  'a week with a kill every 200 epochs: the same numbers, memory and descriptors flat',
  {
    timeout: 4 * 3_600_000,
  },
  async () => {
    const whole = await start(join(folder, 'whole'), Number.POSITIVE_INFINITY);
    expect(whole.code).toBe(0);
    console.info(`one process, ${EPOCHS} epochs: ${expectFlat(whole.samples)}`);
    const samples: Sample[] = [];
    let [kills, stdout] = [0, ''];
    for (;;) {
      const part = await start(join(folder, 'killed'), BETWEEN_KILLS);
      samples.push(...part.samples);
      if (part.code === null) kills += 1;
      else {
        expect(part.code).toBe(0);
        stdout = part.stdout;
        break;
      }
    }
    console.info(`${kills} kills: ${expectFlat(samples)}`);
    expect(kills).toBeGreaterThanOrEqual(Math.floor(EPOCHS / BETWEEN_KILLS / 2));
    const [expected, found] = await Promise.all([whole.stdout, stdout].map((path) => readRunFile(path.trim())));
    if (expected === undefined || found === undefined) throw new Error('there is a run file missing');
    expect(found.resumed.length).toBeGreaterThanOrEqual(Math.floor(kills / 2));
    expect(reproducibleContent(found)).toEqual(reproducibleContent(expected));
    expect(await readdir(dirname(stdout.trim()))).toHaveLength(1);
  },
);
