import { rm } from 'node:fs/promises';
import { afterAll, expect, test } from 'vitest';
import { interruptedWhen, runSmall, temporaryFolder } from './small-run.js';

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

test('a recurrent network goes on within an epoch with the states that it had', async () => {
  const request = {
    ...{ testproblem: 'tolstoi_char_rnn', optimizer: 'sgd', hyperparameters: { lr: 0.5 } },
    ...{ syntheticSize: 60, batchSize: 5, numEpochs: 1 },
  };
  const whole = await runSmall(await temporaryFolder(), request);
  const split = await temporaryFolder();
  await runSmall(
    split,
    request,
    interruptedWhen((event) => event.type === 'step' && event.step === 4),
  ).catch(() => undefined);
  const resumed = await runSmall(split, request);
  expect(resumed.events.find(({ type }) => type === 'step')).toMatchObject({ step: 5 });
  expect(resumed.runFile.test_losses).toEqual(whole.runFile.test_losses);
});
