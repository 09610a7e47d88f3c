import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const worker = fileURLToPath(new URL('../../../scripts/bench/scaling-worker.mjs', import.meta.url));

/** Largest resident memory of two estimations in a process of its own, in vectors of mnist_mlp's parameters. */
async function vectors(observations: number): Promise<number> {
  const configuration = { kind: 'curvature', problem: 'mnist_mlp', rank: 2, observations, threads: 1, batch: 8 };
  const child = spawn(process.execPath, [worker, JSON.stringify(configuration)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end('\n');
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const { memory } = JSON.parse(output) as { memory: number };
  return memory / (4 * 1_336_610);
}

test('an observation takes memory for less than three vectors of the parameters', { timeout: 600_000 }, async () => {
  const [few, many] = [await vectors(12), await vectors(28)];
  // Its two columns are two; a copy of all columns at once, wherever it were, would be two more.
  expect((many - few) / 16).toBeLessThan(3);
});
