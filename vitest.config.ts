import { configDefaults, defineConfig } from 'vitest/config';

/** Tests that everybody runs are short; many processes, tables over all engines, kills and clusters are `*.long.test.ts`. */
const long = 'test/**/*.long.test.ts';
const which = process.env.PROBPREC_TESTS ?? 'short';

export default defineConfig({
  // Users' optimizers import the library by its name; loaded from dist/ they find it by a hook of their loader.
  resolve: {
    alias: [
      { find: /^probprec$/, replacement: new URL('./src/index.ts', import.meta.url).pathname },
      { find: /^probprec\/(\w+)$/, replacement: new URL('./src/library/$1.ts', import.meta.url).pathname },
    ],
  },
  test: {
    include: [which === 'long' ? long : 'test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'test/slow/**', ...(which === 'short' ? [long] : [])],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
