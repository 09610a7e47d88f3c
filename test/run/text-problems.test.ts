import { rm } from 'node:fs/promises';
import { afterAll, expect, test } from 'vitest';
import { runSmall, temporaryFolder } from './small-run.js';

const folder = await temporaryFolder();
afterAll(() => rm(folder, { recursive: true }));

test('a transformer learns the synthetic text', async () => {
  const { runFile } = await runSmall(folder, {
    ...{ testproblem: 'tolstoi_transformer', optimizer: 'adam', hyperparameters: { lr: 0.003 } },
    ...{ syntheticSize: 160, batchSize: 5, numEpochs: 1 },
  });
  const [before = 0, after = 0] = runFile.test_losses.map((loss) => loss ?? Number.NaN);
  // ln 83 = 4.42 before; the synthetic text is far from uniform.
  expect(Math.abs(before - Math.log(83))).toBeLessThan(0.5);
  expect(after).toBeLessThan(before - 0.5);
});
