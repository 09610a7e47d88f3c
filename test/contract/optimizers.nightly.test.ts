import { expect, test } from 'vitest';
import { optimizerNames } from '../../src/optimizer/index.js';
import { classicalRows } from './optimizer-classical.js';
import { optimizerContract } from './optimizer-contract.js';
import { rivalRows } from './optimizer-rivals.js';
import { optimizerTable } from './optimizer-table.js';

test('every registered optimizer has a row', () => {
  expect([...optimizerTable, ...classicalRows, ...rivalRows].map(({ name }) => name).toSorted()).toEqual([
    ...optimizerNames(),
  ]);
});

optimizerContract(optimizerTable);
