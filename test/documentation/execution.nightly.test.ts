import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandsOf, documents } from './commands.js';
import { execute, isExecuted, prepare } from './executed.js';

const MINUTES = 60_000;

/** A page's commands build on one another: they are executed in their order, in a folder of the page's own. */
describe('the commands of a page can be executed one after the other', () => {
  const pages = documents().filter((page) => commandsOf(page).some(isExecuted));
  test.each(pages)('%s', { timeout: 15 * MINUTES }, async (page) => {
    const folder = await mkdtemp(join(tmpdir(), 'probprec-documents-'));
    try {
      await prepare(folder);
      for (const { place, line } of commandsOf(page).filter(isExecuted)) {
        const { typed, code, stderr } = await execute(line, folder);
        expect({ place, typed, code, stderr: code === 0 ? '' : stderr }).toEqual({ place, typed, code: 0, stderr: '' });
        expect(stderr).not.toContain('defect');
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
