import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { OutputError } from '../../errors.js';
import { configurationToJson } from '../../results/index.js';
import { temporaryName } from '../../temporary-name.js';
import { option } from '../../words.js';
import { csvCell } from '../escape.js';
import { isKept, type LogRow, type LogStart, type LogWriter, type ResumedFrom } from './live-log.js';
import { appendToLog, makeLogFolder, readLog, writingLog } from './log-file.js';

/** How rows are lines of text, one each. */
interface LineFormat {
  readonly header: string | null;
  readonly line: (row: LogRow) => string;
  /** Lines that are no rows. */
  readonly start?: (start: LogStart) => string;
  readonly end?: (run: string, event: Parameters<LogWriter['end']>[0]) => string;
  /** What of a line decides whether it stays; null for a line of others. */
  readonly read: (line: string) => { run: string; kept: (resumedFrom: ResumedFrom | null) => boolean } | null;
}

const COLUMNS = [
  'run',
  'seed',
  'epoch',
  'step',
  'time',
  'metric',
  'where',
  'value',
  'testproblem',
  'optimizer',
] as const satisfies readonly (keyof LogRow)[];

/** The first cells are numbers and digits, which are never in quotes, and no cell has a line end. */
const CSV_LINES: LineFormat = {
  header: COLUMNS.join(','),
  line: (row) => COLUMNS.map((name) => csvCell(row[name])).join(','),
  read: (line) => {
    const [run = '', , epoch, step, , metric = ''] = line.split(',');
    return { run, kept: (resumedFrom) => isKept({ metric, epoch: Number(epoch), step: Number(step) }, resumedFrom) };
  },
};

const JSON_LINES: LineFormat = {
  header: null,
  line: (row) => JSON.stringify({ type: 'value', ...row }),
  start: ({ run, time, resumedFrom, configuration }) =>
    JSON.stringify({
      type: 'start',
      run,
      time,
      resumed_from: resumedFrom === null ? null : { epoch: resumedFrom.epoch, step: resumedFrom.step },
      configuration: configurationToJson(configuration),
    }),
  end: (run, { status, reason, path }) => JSON.stringify({ type: 'end', run, status, reason, path }),
  read: (line) => {
    try {
      const { type, run, metric, epoch, step } = JSON.parse(line) as Record<string, unknown>;
      if (typeof run !== 'string') return null;
      return {
        run,
        kept: (resumedFrom) =>
          type === 'value'
            ? isKept({ metric: String(metric), epoch: Number(epoch), step: Number(step) }, resumedFrom)
            : type === 'start' && resumedFrom !== null,
      };
    } catch {
      return null;
    }
  },
};

/** The formats of a log that is text. */
export const LINE_FORMATS = { csv: CSV_LINES, jsonl: JSON_LINES } as const;

/** A log on standard output, by what writes there. */
export function streamLog(format: keyof typeof LINE_FORMATS, write: (line: string) => void): LogWriter {
  const lines = LINE_FORMATS[format] as LineFormat;
  let run = '';
  return {
    begin: (start) => {
      run = start.run;
      if (lines.header !== null) write(lines.header);
      if (lines.start !== undefined) write(lines.start(start));
    },
    add: (rows) => write(rows.map(lines.line).join('\n')),
    end: (event) => {
      if (lines.end !== undefined) write(lines.end(run, event));
    },
  };
}

/**
 * A log in a file that any number of runs add to, one after the other. Lines that an earlier attempt of the run has written
 * beyond its checkpoint are taken out, and so is half a line of a killed process. Throws OutputError.
 */
export function fileLog(format: keyof typeof LINE_FORMATS, path: string): LogWriter {
  const lines = LINE_FORMATS[format] as LineFormat;
  makeLogFolder(dirname(path));
  checkHeader(path, lines);
  const append = (texts: readonly string[]) => appendToLog(path, texts.map((text) => `${text}\n`).join(''));
  let run = '';
  return {
    begin: (start) => {
      run = start.run;
      removeLaterLines(path, lines, start);
      const empty = contentOf(path) === '';
      append([
        ...(empty && lines.header !== null ? [lines.header] : []),
        ...(lines.start === undefined ? [] : [lines.start(start)]),
      ]);
    },
    add: (rows) => append(rows.map(lines.line)),
    end: (event) => {
      if (lines.end !== undefined) append([lines.end(run, event)]);
    },
  };
}

function checkHeader(path: string, { header, read }: LineFormat): void {
  const [first = ''] = contentOf(path).split('\n', 1);
  if (first === '' || (header === null ? read(first) !== null : first === header)) return;
  throw new OutputError({
    subject: option('log'),
    what: `${path} exists and is not a log of this kind`,
    remedy: `expected a new file, or one that begins with ${header ?? 'a JSON object with a run'}`,
  });
}

function removeLaterLines(
  path: string,
  { header, read }: LineFormat,
  { run, resumedFrom }: Pick<LogStart, 'run' | 'resumedFrom'>,
): void {
  const content = contentOf(path);
  const all = content.split('\n').slice(0, -1);
  const kept = all.filter((line) => {
    const own = line === header ? null : read(line);
    return own === null || own.run !== run || own.kept(resumedFrom);
  });
  const text = kept.map((line) => `${line}\n`).join('');
  if (text === content) return;
  const temporary = join(dirname(path), temporaryName(`.${basename(path)}`, '.tmp'));
  writingLog(path, () => {
    const file = openSync(temporary, 'wx');
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  });
}

/** Empty for a file that is not there. */
function contentOf(path: string): string {
  return readLog(path)?.toString('utf8') ?? '';
}
