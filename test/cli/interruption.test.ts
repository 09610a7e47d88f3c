import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

// A process that is interruptible and never ends by itself, as a run in the middle of a very long step.
const program = `
  import { interruptible } from './dist/src/cli/interruption.js';
  const terminal = { line: (text) => console.error(text) };
  const { signal } = interruptible(terminal, () => 'interrupted');
  signal.addEventListener('abort', () => console.log('aborted'));
  setInterval(() => undefined, 1000);
  console.log('ready');
`;

test.skipIf(process.platform === 'win32')(
  'the second signal ends the process at once, an echo of the first does not',
  async () => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program]);
    const ended = once(child, 'close');
    const output: string[] = [];
    const said = async (word: string) => {
      while (!output.join('').includes(word)) await once(child.stdout, 'data');
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
    await said('ready');
    child.kill('SIGINT');
    await said('aborted');
    child.kill('SIGINT');
    await sleep(700);
    expect(child.exitCode).toBeNull();
    child.kill('SIGTERM');
    expect(await ended).toEqual([143, null]);
    expect(output.join('')).toBe('ready\naborted\n');
  },
);
