import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The built entry of the command. */
export const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

/** What a finished command left behind. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to start the command; the environment is this process's without colours, CI and data directory. */
export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The user that runs it, where the tests run as root. */
  readonly uid?: number;
}

/** This process's environment as a command has it that says nothing else about it. */
export function commandEnvironment(): NodeJS.ProcessEnv {
  const { CI: _ci, NO_COLOR: _colour, FORCE_COLOR: _force, PROBPREC_DATA_DIR: _data, ...inherited } = process.env;
  return inherited;
}

/** The built command in a process of its own, as users run it. */
export function startCommand(args: readonly string[], { cwd, env, uid }: CommandOptions = {}) {
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    ...(uid === undefined ? {} : { uid }),
    env: { ...commandEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const listeners: (() => void)[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const listener of listeners) listener();
  });
  const finished = once(child, 'close').then(([code]): Finished => ({ code, stdout, stderr }));
  return {
    child,
    finished,
    /** Resolves when stderr has said this; rejects when the command ends without. */
    said: (pattern: RegExp) =>
      new Promise<void>((resolve, reject) => {
        const check = () => {
          if (pattern.test(stderr)) resolve();
        };
        listeners.push(check);
        check();
        finished.then(() => reject(new Error(`the command ended without saying ${pattern}:\n${stderr}`)));
      }),
  };
}

/** Runs the built command to its end. */
export async function command(args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  return startCommand(args, options).finished;
}

/** The options of runs whose length does not matter. */
export const QUICK = ['--num-epochs', '1', '--batch-size', '32', '--threads', '1'];
