import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { watchSweep } from '../../src/cli/commands/sweep-watch.js';
import type { Terminal } from '../../src/cli/terminal.js';
import { runFilePath, writeRunFile } from '../../src/results/index.js';
import { plannedRuns, planOf } from '../../src/sweep/index.js';
import { exampleParts, exampleRunFile } from '../results/example.js';
import { temporaryFolder } from '../run/small-run.js';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true }));

test('says what has changed, and ends when nothing is left to do', async () => {
  const path = join(folder, 'plan.yaml');
  const text = `testproblems: mnist_logreg
optimizers: sgd
settings: { lr: 0.1 }
seeds: 1-2
options: { num_epochs: 3, batch_size: 32, data: synthetic, synthetic_size: 600 }
output_dir: ${join(folder, 'results')}
`;
  await writeFile(path, text);
  const plan = planOf(path, text);
  const runs = await plannedRuns(plan);
  const end = async (index: number) => {
    const { timing, minibatchTrainLosses } = exampleParts();
    const configuration = runs[index]?.configuration;
    if (configuration === undefined) throw new Error(`no run ${index}`);
    const content = exampleRunFile({
      configuration,
      status: { state: 'diverged', epoch: 2, step: 3, reason: 'the loss is not finite' },
      stepsPerEpoch: 25,
      timing,
      minibatchTrainLosses,
    });
    await writeRunFile(runFilePath(plan.outputDir, configuration, new Date()), content);
  };
  const lines: string[] = [];
  const terminal: Terminal = {
    interactive: false,
    width: 80,
    messageWidth: 80,
    result: (line) => lines.push(line),
    line: (line) => lines.push(line),
    transient: () => undefined,
    heading: (heading) => heading,
  };
  const watched = watchSweep(path, { watch: 0.01, only: [] }, terminal);
  await expect.poll(() => lines).toEqual(['plan: 0 of 2 runs done; 2 missing']);
  await end(0);
  await expect.poll(() => lines.slice(1)).toEqual(['plan: 1 of 2 runs done; 1 diverged, 1 missing']);
  await end(1);
  await watched;
  expect(lines).toHaveLength(2);
});
