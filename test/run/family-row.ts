import { join } from 'node:path';
import { expect } from 'vitest';
import { reproducibleContent } from '../../src/results/index.js';
import { interruptedWhen, runSmall } from './small-run.js';

/** The published optimizers with a curvature of their own. */
export const family = ['preconditioned-sgd', 'adaptive-sgd', 'only-adaptive-sgd'];

/**
 * Trains a test problem for two epochs with an optimizer of the family, whole and in parts: interrupted while the first and the
 * second estimation are made. Whatever becomes of it (step sizes from negative curvature may end a run), it is the same, to the
 * last bit.
 */
export async function goesOnExactly(testproblem: string, optimizer: string, folder: string): Promise<void> {
  const changes = {
    ...{ testproblem, optimizer, numEpochs: 2, trainLogInterval: 1, ...sizesOf(testproblem) },
    hyperparameters: { prior_iterations: 2, num_observations: 2 },
  };
  const whole = await runSmall(join(folder, 'whole'), changes);
  const parts = join(folder, 'parts');
  for (const epoch of [1, 2]) {
    await runSmall(
      parts,
      changes,
      interruptedWhen((event) => event.type === 'step' && event.epoch === epoch && event.step === 3),
    );
  }
  const { runFile } = await runSmall(parts, changes);
  expect(['completed', 'diverged']).toContain(runFile.status.state);
  expect(runFile.minibatch_train_losses?.length ?? 0).toBeGreaterThan(0);
  expect(reproducibleContent(runFile)).toEqual(reproducibleContent(whole.runFile));
}

/** At least five steps in an epoch; what is generated has as many examples as ever. */
function sizesOf(testproblem: string): { batchSize: number; syntheticSize: number } {
  if (testproblem.startsWith('two_d')) return { batchSize: 1000, syntheticSize: 60 };
  if (testproblem.startsWith('quadratic')) return { batchSize: 128, syntheticSize: 60 };
  return testproblem.includes('vgg') ? { batchSize: 4, syntheticSize: 30 } : { batchSize: 8, syntheticSize: 60 };
}
