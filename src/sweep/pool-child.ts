import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { MessageToPool, MessageToRun } from './pool-messages.js';

/** How the process of a run ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it said last on stderr that explains an unexpected end; null when it said nothing. */
  readonly lastWords: string | null;
}

/** A run in a process of its own. */
export interface Child {
  readonly pid: number | undefined;
  /** Resolves when the process has ended and everything it sent has arrived; never rejects. */
  readonly ended: Promise<ChildEnd>;
  /** Asks it to stop after its current step. */
  interrupt(): void;
  /** Ends it at once. */
  kill(): void;
}

/** Lines of stderr that are kept: what a native library says when it aborts can be long. */
const KEPT_LINES = 50;

/**
 * Starts a Node program with a channel to this process. It stays in this process group, so that whatever ends the group
 * (a terminal, a scheduler) reaches it, too; a Ctrl-C that reaches both of them counts once, because asking a run that was
 * interrupted already changes nothing.
 */
export function startChild(program: readonly string[], onMessage: (message: MessageToPool) => void): Child {
  const child = spawn(process.execPath, program, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let partial = '';
  let lines: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    const split = (partial + text).split('\n');
    partial = split.pop() ?? '';
    lines = [...lines, ...split].slice(-KEPT_LINES);
  });
  child.on('message', (message) => onMessage(message as MessageToPool));
  const ended = Promise.race([
    once(child, 'close').then(([code, signal]) => ({ code, signal })),
    once(child, 'error').then(([error]) => {
      lines = [`cannot be started: ${error instanceof Error ? error.message : String(error)}`];
      return { code: null, signal: null };
    }),
  ]).then((end) => ({ ...end, lastWords: lastWords([...lines, partial]) }));
  // A channel that breaks in the middle of a message ends with the process, and that is seen anyway.
  child.on('error', () => undefined);
  return {
    pid: child.pid,
    ended,
    interrupt: () => {
      const message: MessageToRun = { type: 'interrupt' };
      if (child.connected) child.send(message, () => undefined);
    },
    kill: () => child.kill('SIGKILL'),
  };
}

/** The line that says why: an error of ours or of V8 (out of memory), else the last one. */
function lastWords(lines: readonly string[]): string | null {
  const said = lines.map((line) => line.trim()).filter((line) => line !== '');
  const cause = said.findLast((line) => line.startsWith('probprec: ') || line.startsWith('FATAL ERROR: '));
  return cause?.replace(/^probprec: /, '') ?? said.at(-1) ?? null;
}
