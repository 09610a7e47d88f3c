import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Users' optimizers import the library by its name; loaded from dist/ they find it by a hook of their loader.
  resolve: { alias: { probprec: new URL('./src/index.ts', import.meta.url).pathname } },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/slow/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
