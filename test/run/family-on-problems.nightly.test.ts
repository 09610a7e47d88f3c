import { rm } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { testProblemNames } from '../../src/testproblem/index.js';
import { family, goesOnExactly } from './family-row.js';
import { temporaryFolder } from './small-run.js';

/** VGG with four observations and a checkpoint of them wants more memory than a machine of tests has. */
const names = testProblemNames().filter((name) => !name.includes('vgg'));

describe.each(names)('%s', (name) => {
  test.each(family)('%s trains it, and goes on exactly', { timeout: 1_200_000 }, async (optimizer) => {
    expect.hasAssertions();
    const folder = await temporaryFolder();
    try {
      await goesOnExactly(name, optimizer, folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
