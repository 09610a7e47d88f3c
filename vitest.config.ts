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
/**
 * Folders whose files leave nothing behind in their process (no environment, mocks, listeners): they share the loaded modules,
 * which takes a third of their time away. Everything else, and a new folder until somebody has looked at it, has a process of
 * its own for every file.
 */
const SHARING = [
  ...['analysis', 'conformance', 'curvature', 'linear-algebra', 'optimizer', 'oracle', 'random', 'report', 'results'],
  ...['schedule', 'sweep', 'tensor', 'testproblem', 'timing'],
]
  .map((folder) => `test/${folder}/**/*.test.ts`)
  // The one on proxies sets variables of the environment.
  .concat('test/dataset/!(proxy).test.ts');

const which = (process.env.PROBPREC_TESTS ?? 'short') as keyof typeof kinds;

const { include } = kinds[which];
const exclude = [...configDefaults.exclude, 'test/slow/**', ...kinds[which].exclude];

export default defineConfig({
  // Users' optimizers import the library by its name; loaded from dist/ they find it by a hook of their loader.
  resolve: {
    alias: [
      { find: /^probprec$/, replacement: new URL('./src/index.ts', import.meta.url).pathname },
      { find: /^probprec\/(\w+)$/, replacement: new URL('./src/library/$1.ts', import.meta.url).pathname },
    ],
  },
  test: {
    // Only for what hangs: on a busy machine a test takes many times as long.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    maxWorkers: 2,
    projects:
      which === 'short'
        ? [
            { extends: true, test: { name: 'shared', include: SHARING, exclude, isolate: false } },
            { extends: true, test: { name: 'own', include, exclude: [...exclude, ...SHARING] } },
          ]
        : [{ extends: true, test: { name: which, include, exclude } }],
  },
});
