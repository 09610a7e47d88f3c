import { rm } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { testProblemNames } from '../../src/testproblem/index.js';
import { family, goesOnExactly } from '../run/family-row.js';
import { temporaryFolder } from '../run/small-run.js';

/** What the nightly tests leave out: several gigabytes of memory, and as many on the disk for a checkpoint. */
const names = testProblemNames().filter((name) => name.includes('vgg'));

describe.each(names)('%s', (name) => {
  test.each(family)('%s trains it, and goes on exactly', async (optimizer) => {
    expect.hasAssertions();
    const folder = await temporaryFolder();
    try {
      await goesOnExactly(name, optimizer, folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
