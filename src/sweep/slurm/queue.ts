import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Plan } from '../plan.js';
import { parseTag, planTag } from './job-tag.js';

/** Where a planned run is in Slurm's queue. */
export interface QueuedRun {
  /** As squeue shows it: array job and task, 123_4. */
  readonly jobId: string;
  /** Slurm's state, for instance PENDING, RUNNING, COMPLETING. */
  readonly state: string;
  /** Why it is pending, for instance JobArrayTaskLimit, BeginTime; None of a running one. */
  readonly reason: string;
}

/** Array job, task or tasks, state, reason, comment. The comment is last: it alone may hold any character. */
const FORMAT = '%F|%K|%T|%r|%k';
const SECONDS = 20;

/**
 * Which runs of a plan are in the queue, by their index; null when there is no Slurm here, or it does not answer. Asks
 * squeue only, so no accounting is needed. A run that two jobs have is shown with the one that is further.
 */
export async function slurmQueue(plan: Plan): Promise<ReadonlyMap<number, QueuedRun> | null> {
  try {
    const { stdout } = await promisify(execFile)('squeue', ['--noheader', `--format=${FORMAT}`], {
      timeout: SECONDS * 1000,
      maxBuffer: 1 << 28,
      // Long lists of pending tasks are cut off without this (squeue(1)).
      env: { ...process.env, SLURM_BITSTR_LEN: '0' },
    });
    return parseQueue(stdout, planTag(plan.path));
  } catch {
    return null;
  }
}

/** Reads what squeue prints: the jobs of one plan, by index of their runs. */
export function parseQueue(text: string, plan: string): Map<number, QueuedRun> {
  const queue = new Map<number, QueuedRun>();
  for (const line of text.split('\n')) {
    const [job = '', tasks = '', state = '', reason = '', ...rest] = line.trim().split('|');
    const tag = parseTag(rest.join('|'));
    if (tag?.plan !== plan) continue;
    for (const task of parseTasks(tasks)) {
      const entry = { jobId: `${job}_${task}`, state, reason };
      const first = (tag.offset + task) * tag.runsPerTask;
      for (let index = first; index < first + tag.runsPerTask; index++) {
        if (state !== 'PENDING' || !queue.has(index)) queue.set(index, entry);
      }
    }
  }
  return queue;
}

/** Array tasks as squeue writes them: `4`, `[4-11%2]`, `0-10:2,15`; empty for what it does not write so. */
function parseTasks(text: string): number[] {
  const tasks: number[] = [];
  for (const part of text.replaceAll(/[[\]]/g, '').replace(/%\d+$/, '').split(',')) {
    const [, first, last = first, step = '1'] = /^(\d+)(?:-(\d+)(?::([1-9]\d*))?)?$/.exec(part) ?? [];
    if (first === undefined) continue;
    for (let task = Number(first); task <= Number(last); task += Number(step)) tasks.push(task);
  }
  return tasks;
}
