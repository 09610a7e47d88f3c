import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';

/** What a job's comment says: which plan's runs its tasks are. Task t has the runs from (offset + t) · runsPerTask on. */
export interface JobTag {
  readonly plan: string;
  readonly offset: number;
  readonly runsPerTask: number;
}

/** A plan's name among jobs: its file's place, because two plans may have one name. */
export function planTag(path: string): string {
  let place = resolve(path);
  try {
    place = realpathSync(place);
  } catch {
    // Not there (any more): then its place as it was given.
  }
  return createHash('sha256').update(place).digest('hex').slice(0, 16);
}

/** The comment of a job. */
export function formatTag({ plan, offset, runsPerTask }: JobTag): string {
  return `probprec:${plan}:${offset}:${runsPerTask}`;
}

/** Reads a comment; null when it is not ours. */
export function parseTag(comment: string): JobTag | null {
  const [, plan, offset, runsPerTask] = /^probprec:([0-9a-f]{16}):(\d+):([1-9]\d*)$/.exec(comment) ?? [];
  return plan === undefined ? null : { plan, offset: Number(offset), runsPerTask: Number(runsPerTask) };
}
