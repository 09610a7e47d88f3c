import { expect, test } from 'vitest';
import { ConfigurationError } from '../../src/errors.js';
import { loadTestProblem } from '../../src/testproblem/index.js';

test.each([
  ['mnist_logrg', /did you mean mnist_logreg/],
  ['FMNIST_2C2D', /did you mean fmnist_2c2d/],
  ['cifar10-3c3d', /did you mean cifar10_3c3d/],
  [
    'imagenet_vgg16',
    /^testproblem imagenet_vgg16: not known; expected a name of probprec list testproblems, or a file such as /,
  ],
  ['', /expected a name of probprec list testproblems/],
  ['imagenet', /or a file such as \.\/mine\.js$/],
])('the unknown test problem %j is an error of one line with the nearest names', async (name, message) => {
  const error = await loadTestProblem(name).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigurationError);
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).not.toContain('\n');
});

test.each(['../src/index', 'quadratic_deep.ts'])('%s means a file', async (name) => {
  await expect(loadTestProblem(name)).rejects.toThrow(`testproblem ${name}: no such file`);
});
