import { spawn } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { recordRunFile } from '../../src/results/index.js';
import { Stopwatch } from '../../src/run/stopwatch.js';
import { exampleParts, exampleRunFile } from '../results/example.js';

test('cores that other processes keep busy are seen', async () => {
  const other = spawn(process.execPath, ['-e', 'const end = Date.now() + 3000; while (Date.now() < end);']);
  const stopwatch = new Stopwatch();
  await setTimeout(1500);
  // A busy machine may give the other process less than one core, but then others have the rest.
  expect(stopwatch.otherCores).toBeGreaterThan(0.5);
  other.kill();
});

test.each<[readonly number[] | undefined, boolean | null]>([
  [[0, 0.1], true],
  [[0, 0.9], true],
  [[0, 1.1], false],
  [[2, 2], false],
  [undefined, null],
])('a run with %s further busy cores of few or many: undisturbed is %s', (trainingOtherCores, undisturbed) => {
  const { timing } = exampleParts();
  const content = exampleRunFile({ timing: { ...timing, ...(trainingOtherCores && { trainingOtherCores }) } });
  const run = recordRunFile('run.json', { ...content, environment: { ...content.environment, cores: 5 } });
  expect(run.undisturbed).toBe(undisturbed);
});
