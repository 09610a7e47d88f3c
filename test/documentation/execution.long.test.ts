import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandsOf, documents } from './commands.js';
import { EXCEPTIONS, execute, isExecuted, isSyntax, prepare, takesLong } from './executed.js';

const commands = documents().flatMap(commandsOf);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-documents-'));
  await prepare(folder);
});
afterAll(() => rm(folder, { recursive: true }));

test('every documented command is executed, or it is said why not', () => {
  const typed = commands.filter(({ line }) => !isSyntax(line));
  expect(typed.filter(isExecuted).length).toBeGreaterThan(60);
  for (const { place, line, why } of EXCEPTIONS) {
    const concerned = typed.filter((command) => place.test(command.place) && line.test(command.line));
    expect(concerned.length, why).toBeGreaterThan(0);
  }
});

// Those that train, measure or draw are executed by execution.nightly.test.ts.
const READING = /^probprec (list|completion|compare|show|export|data info|run .*--help|check)/;
test.each(commands.filter((command) => isExecuted(command) && !takesLong(command) && READING.test(command.line)))(
  '$place: $line',
  async ({ line }) => {
    const { typed, code, stderr } = await execute(line, folder);
    expect({ typed, code, stderr: code === 0 ? '' : stderr }).toEqual({ typed, code: 0, stderr: '' });
  },
);
