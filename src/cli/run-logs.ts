import { resolve } from 'node:path';
import { errorText, OutputError } from '../errors.js';
import type { RunEvent } from '../run/index.js';
import { asFlag } from '../words.js';
import { UsageError } from './failure.js';
import { quoted } from './option-values.js';
import type { Terminal } from './terminal.js';

/** Where a run is logged while it trains. */
export interface LogTarget {
  readonly kind: 'tensorboard' | 'csv' | 'jsonl';
  /** `-` is standard output. */
  readonly path: string;
}

/** `tensorboard:DIR`, `csv:FILE`, `jsonl:FILE`, or `-` for lines of JSON on standard output; may be repeated. */
export function logTarget(text: string, before: readonly LogTarget[] = []): LogTarget[] {
  const [, kind, path] = /^(tensorboard|csv|jsonl):(.+)$/s.exec(text === '-' ? 'jsonl:-' : text) ?? [];
  if (kind === undefined || path === undefined || (kind === 'tensorboard' && path === '-')) {
    throw new UsageError({
      subject: '--log',
      found: quoted(text),
      expected: 'tensorboard:DIR, csv:FILE, jsonl:FILE, or - for JSON lines on standard output',
    });
  }
  const target = { kind: kind as LogTarget['kind'], path };
  if (before.some((other) => resolve(other.path) === resolve(path))) {
    throw new UsageError({ subject: '--log', found: `${quoted(path)} twice`, expected: 'a place for each log' });
  }
  return [...before, target];
}

/** Whether one of these logs has standard output for itself. */
export function takesOutput(targets: readonly LogTarget[]): boolean {
  return targets.some(({ path }) => path === '-');
}

/** What passes a run's events on to its logs. Throws OutputError for a place that cannot be written. */
export async function openLogs(targets: readonly LogTarget[], terminal: Terminal): Promise<(event: RunEvent) => void> {
  if (targets.length === 0) return () => undefined;
  const { LiveLog } = await import('../report/live-log/live-log.js');
  let logs = await Promise.all(
    targets.map(async (target) => ({ target, log: new LiveLog(await writerOf(target, terminal)) })),
  );
  return (event) => {
    logs = logs.filter(({ target, log }) => {
      try {
        log.observe(event);
        return true;
      } catch (error) {
        if (!(error instanceof OutputError)) throw error;
        // The run is worth more than its log.
        terminal.line(
          `probprec: warning: ${errorText(error, asFlag)}; the run continues without ${target.kind}:${target.path}`,
        );
        return false;
      }
    });
  };
}

async function writerOf({ kind, path }: LogTarget, terminal: Terminal) {
  if (kind === 'tensorboard') {
    const { eventLog } = await import('../report/live-log/event-log.js');
    return eventLog(path);
  }
  const { fileLog, streamLog } = await import('../report/live-log/text-log.js');
  return path === '-' ? streamLog(kind, (line) => terminal.result(line)) : fileLog(kind, path);
}
