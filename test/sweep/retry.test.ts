import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Pool, type PoolEvent, plannedRuns, planOf } from '../../src/sweep/index.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-retry-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A command that crashes, or says that its run failed, so many times before it completes. */
async function command(failures: number, how: 'crash' | 'failed'): Promise<string> {
  const entry = join(folder, 'command.mjs');
  const outcome = {
    epoch: 0,
    reason: 'no luck',
    path: 'run.json',
    alreadyComplete: false,
    testLoss: 1,
    testAccuracy: null,
  };
  await writeFile(
    entry,
    `import { appendFileSync, readFileSync } from 'node:fs';
const log = new URL('attempts', import.meta.url);
appendFileSync(log, '.');
const isUnlucky = readFileSync(log, 'utf8').length <= ${failures};
if (isUnlucky && ${how === 'crash'}) {
  console.error('no memory');
  process.exit(1);
}
process.send({ type: 'outcome', outcome: { ...${JSON.stringify(outcome)}, state: isUnlucky ? 'failed' : 'completed' } });
process.disconnect();
process.exitCode = isUnlucky ? 1 : 0;
`,
  );
  return entry;
}

async function execute(entry: string, retries: number) {
  const text = 'testproblems: quadratic_deep\noptimizers: { name: sgd, settings: { lr: 0.1 } }\noutput_dir: results\n';
  const plan = planOf(join(folder, 'plan.yaml'), text);
  const events: PoolEvent[] = [];
  const pool = new Pool({
    ...{ plan, entry, jobs: 1, threads: 1, retries, keepGoing: true, checkResources: true },
    runs: await plannedRuns(plan),
    onEvent: (event) => events.push(event),
  });
  const ends = await pool.execute();
  return { end: ends.get(0), retried: events.flatMap((event) => (event.type === 'retried' ? [event.attempt] : [])) };
}

test.each(['crash', 'failed'] as const)('a run that ends by a %s is tried again as often as is asked', async (how) => {
  const { end, retried } = await execute(await command(2, how), 2);
  expect(end).toMatchObject({ state: 'completed', path: 'run.json' });
  expect(retried).toEqual([1, 2]);
});

test('a run that fails too often has failed, with its last reason', async () => {
  const { end, retried } = await execute(await command(2, 'crash'), 1);
  expect(end).toMatchObject({ state: 'failed', reason: expect.stringContaining('no memory') });
  expect(retried).toEqual([1]);
  // What crashed is on disk for sweep status.
  expect(
    (await readdir(join(folder, 'results'), { recursive: true })).filter((name) => name.endsWith('.crash')),
  ).toHaveLength(1);
});

test('without retries every run is tried once', async () => {
  const { end, retried } = await execute(await command(1, 'failed'), 0);
  expect(end).toMatchObject({ state: 'failed', reason: 'no luck' });
  expect(retried).toEqual([]);
});
