import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { family, goesOnExactly } from './family-row.js';
import { temporaryFolder } from './small-run.js';

// All test problems: family-on-problems.nightly.test.ts.
test.each(family)('%s goes on exactly where curvature is negative: two_d_rosenbrock', async (optimizer) => {
  expect.hasAssertions();
  const folder = await temporaryFolder();
  try {
    await goesOnExactly('two_d_rosenbrock', optimizer, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
});
