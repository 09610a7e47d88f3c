import { printable } from '../report/escape.js';
import { wrapText } from '../report/layout.js';
import { reasonOf } from '../results/atomic-file.js';

/** The only place that writes: results go to stdout, everything else to stderr. */
export interface Terminal {
  /** A result, on stdout. */
  result(text: string): void;
  /** A line for people, on stderr. */
  line(text: string): void;
  /** A line, or several, that the next ones replace; ignored where lines cannot be replaced. */
  transient(text: string): void;
  /** True when stderr is a screen, so that a progress bar makes sense. */
  readonly interactive: boolean;
  /** Columns that a line on stdout may have. */
  readonly width: number;
  /** Columns that a line on stderr may have where lines are replaced. */
  readonly messageWidth: number;
  /** Text of a heading on stdout: bold on a screen. */
  heading(text: string): string;
}

/** What a text on stdout is laid out for. */
export type Screen = Pick<Terminal, 'width' | 'heading'>;

interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * The terminal of a process. A reader that closes stdout early (`| head`) ends the program quietly, a full disk behind it
 * with one line and code 1; one that closes stderr only ends the messages. NO_COLOR, CI and TERM=dumb are respected: no colours, and no progress bar in the latter
 * two.
 */
export function createTerminal({ stdout, stderr, env }: Streams): Terminal {
  const plain = isSet(env.CI) || env.TERM === 'dumb';
  const interactive = stderr.isTTY === true && !plain;
  const colours = stdout.isTTY === true && !plain && (env.NO_COLOR ?? '') === '';
  let pending = 0;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    stderr.write(`probprec: stdout: ${reasonOf(error)}; the result is not complete\n`);
    process.exit(1);
  });
  stderr.on('error', () => undefined);
  const messageWidth = () => Math.max(1, (stderr.columns || 80) - 1);
  const clear = () => {
    if (pending > 0) stderr.write(pending === 1 ? '\r\u001b[K' : `\r\u001b[${pending - 1}A\u001b[J`);
    pending = 0;
  };
  return {
    interactive,
    width: stdout.isTTY === true ? stdout.columns || columnsIn(env) || 80 : columnsIn(env) || WIDTH_OF_FILES,
    get messageWidth() {
      return messageWidth();
    },
    heading: (text) => (colours ? `\u001b[1m${text}\u001b[22m` : text),
    result: (text) => {
      clear();
      stdout.write(`${text}\n`);
    },
    line: (text) => {
      clear();
      stderr.write(`${shown(text)}\n`);
    },
    transient: (text) => {
      if (!interactive) return;
      clear();
      const width = messageWidth();
      const wrapped = text.split('\n').flatMap((line) => continued(shown(line), width));
      // What is scrolled off the screen could not be replaced.
      const lines = wrapped.slice(0, Math.max(1, (stderr.rows || 24) - 1));
      stderr.write(lines.join('\n'));
      pending = lines.length;
    },
  };
}

/** The line, and further ones with what does not fit; an indentation stays. */
function continued(line: string, width: number): string[] {
  const [indent = ''] = /^ */.exec(line) ?? [];
  return wrapText(line.slice(indent.length), width, indent, `${indent}  `);
}

/** Messages quote what stands in files: nothing of it is more than text on a terminal. */
export function shown(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** Lines in files and pipes may be longer than on a screen, but are still to be read. */
const WIDTH_OF_FILES = 200;

/** $COLUMNS, for output that goes elsewhere; NaN without it. */
function columnsIn({ COLUMNS }: NodeJS.ProcessEnv): number {
  const columns = Number(COLUMNS);
  return Number.isSafeInteger(columns) && columns >= 20 ? columns : Number.NaN;
}

function isSet(variable: string | undefined): boolean {
  return variable !== undefined && variable !== '' && variable !== '0' && variable !== 'false';
}
