import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { reproducibleContent } from '../../src/results/index.js';
import { interruptedWhen, runSmall, temporaryFolder } from './small-run.js';

/** The published optimizers with a curvature of their own. */
export const family = ['preconditioned-sgd', 'adaptive-sgd', 'only-adaptive-sgd'];

/**
 * Trains a test problem for two epochs with an optimizer of the family, whole and in parts: interrupted while the first and the
 * second estimation are made. Whatever becomes of it (step sizes from negative curvature may end a run), it is the same, to the
 * last bit. VGG, a hundred times as slow as most, has one epoch, and is interrupted while it estimates and while it trains.
 */
export async function goesOnExactly(testproblem: string, optimizer: string, folder: string): Promise<void> {
  const { numEpochs, batchSize, interruptions } = scheduleOf(testproblem);
  const changes = {
    ...{ testproblem, optimizer, numEpochs, batchSize, syntheticSize: 60, trainLogInterval: 1 },
    hyperparameters: { prior_iterations: 2, num_observations: 2 },
  };
  const whole = await runSmall(join(folder, 'whole'), changes);
  const parts = join(folder, 'parts');
  for (const { epoch, step } of interruptions) {
    await runSmall(
      parts,
      changes,
      interruptedWhen((event) => event.type === 'step' && event.epoch === epoch && event.step === step),
    );
  }
  const { runFile } = await runSmall(parts, changes);
  expect(['completed', 'diverged']).toContain(runFile.status.state);
  expect(runFile.minibatch_train_losses?.length ?? 0).toBeGreaterThan(0);
  expect(reproducibleContent(runFile)).toEqual(reproducibleContent(whole.runFile));
}

/** At least five steps in an epoch; what is generated has as many examples as ever. */
function scheduleOf(testproblem: string) {
  if (testproblem.includes('vgg')) {
    const interruptions = [2, 7].map((step) => ({ epoch: 1, step }));
    return { numEpochs: 1, batchSize: 4, interruptions };
  }
  const interruptions = [1, 2].map((epoch) => ({ epoch, step: 3 }));
  if (testproblem.startsWith('two_d')) return { numEpochs: 2, batchSize: 1000, interruptions };
  return { numEpochs: 2, batchSize: testproblem.startsWith('quadratic') ? 128 : 8, interruptions };
}

/** The tests of these test problems with each optimizer of the family. */
export function testFamilyOn(names: readonly string[]): void {
  describe.each(names)('%s', (name) => {
    test.each(family)('%s trains it, and goes on exactly', { timeout: 1_800_000 }, async (optimizer) => {
      expect.hasAssertions();
      const folder = await temporaryFolder();
      try {
        await goesOnExactly(name, optimizer, folder);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  });
}
