import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type CommandOptions, commandEnvironment, type Finished } from './command.js';

const program = fileURLToPath(new URL('answer-commands.mjs', import.meta.url));

/** What a command left behind, and the processor time that it took. */
interface Answered extends Finished {
  readonly cpuSeconds: number;
}

let loaded: ReturnType<typeof load> | undefined;
let last: Promise<unknown> = Promise.resolve();

/**
 * The built command in a process that has loaded it once, one command line after the other: most of a short command's time is
 * loading. For tables of command lines; what a process's end, signals, memory or modules have to do with starts its own
 * (`command`).
 */
export async function loadedCommand(
  args: readonly string[],
  options: Omit<CommandOptions, 'uid'> = {},
): Promise<Answered> {
  const { cwd = process.cwd(), env = {} } = options;
  loaded ??= load();
  const answer = loaded.then(({ child, answers }) => {
    const before = last;
    const own = before.then(async (): Promise<Answered> => {
      child.stdin?.write(`${JSON.stringify({ args, cwd, env: { ...commandEnvironment(), ...env } })}\n`);
      const { value, done } = await answers.next();
      if (done === true) throw new Error(`the process ended at: probprec ${args.join(' ')}`);
      return JSON.parse(value);
    });
    last = own.catch(() => undefined);
    return own;
  });
  return answer;
}

async function load(): Promise<{ child: ChildProcess; answers: AsyncIterator<string> }> {
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'inherit', 'inherit', 'pipe'] });
  await once(child, 'spawn');
  const output = child.stdio[3];
  if (output === null || output === undefined || !('read' in output)) throw new Error('no descriptor 3');
  const answers = createInterface({ input: output })[Symbol.asyncIterator]();
  // It ends with the process that asks, whose end closes its stdin.
  child.unref();
  return { child, answers };
}
