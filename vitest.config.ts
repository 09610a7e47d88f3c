import { configDefaults, defineConfig } from 'vitest/config';

/** Tests that everybody runs are short. */
const every = 'test/**/*.test.ts';
/** Whole commands and sweeps in processes of their own, a browser, what is packed: `.ci/run` has them. */
const long = 'test/**/*.long.test.ts';
/** Tables of everything over all engines, kills at every moment, a cluster: before a release, and after a change to what they prove. */
const nightly = 'test/**/*.nightly.test.ts';

const kinds = {
  short: { include: [every], exclude: [long, nightly] },
  long: { include: [long], exclude: [] },
  nightly: { include: [nightly], exclude: [] },
  all: { include: [every], exclude: [] },
};
const which = (process.env.PROBPREC_TESTS ?? 'short') as keyof typeof kinds;

export default defineConfig({
  // Users' optimizers import the library by its name; loaded from dist/ they find it by a hook of their loader.
  resolve: {
    alias: [
      { find: /^probprec$/, replacement: new URL('./src/index.ts', import.meta.url).pathname },
      { find: /^probprec\/(\w+)$/, replacement: new URL('./src/library/$1.ts', import.meta.url).pathname },
    ],
  },
  test: {
    include: kinds[which].include,
    exclude: [...configDefaults.exclude, 'test/slow/**', ...kinds[which].exclude],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
