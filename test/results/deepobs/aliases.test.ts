import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { OPTIMIZER_ALIASES, optimizerLabel } from '../../../src/results/deepobs/dialect.js';

test('docs/deepobs.md has the table of aliases, in its order', () => {
  const docs = readFileSync(new URL('../../../docs/deepobs.md', import.meta.url), 'utf8');
  const [, section = ''] = docs.split('### Names of optimizers');
  const rows = [...section.matchAll(/^\| `(\w+)`(?: with `(\w+)` true)? \| (\w+) \|$/gm)];
  expect(
    rows.map(([, tensorflow, where, name]) => ({ tensorflow, name, ...(where === undefined ? {} : { where }) })),
  ).toEqual(OPTIMIZER_ALIASES);
});

test('a name without an alias is kept, and one that an object has by birth is none', () => {
  expect(optimizerLabel('AdamOptimizer', {})).toBe('Adam');
  expect(optimizerLabel('MyOptimizer', {})).toBe('MyOptimizer');
  expect(optimizerLabel('constructor', {})).toBe('constructor');
});
