import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** What identifies a process: its number alone is used again sooner or later. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Which start of the system and which process namespace the number belongs to; null where the system has no such names. */
  readonly system: string | null;
  /** When the process was started, in the system's own unit; null where it cannot be read. */
  readonly started: string | null;
  /** The Slurm job it runs in, and how often that was started again. */
  readonly slurm: { readonly job: string; readonly restarts: number } | null;
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  const { SLURM_JOB_ID: job, SLURM_RESTART_COUNT: restarts } = process.env;
  return {
    pid: process.pid,
    host: hostname(),
    system: systemName(),
    started: processState(process.pid)?.started || null,
    slurm: job === undefined || job === '' ? null : { job, restarts: Number(restarts) || 0 },
  };
}

/**
 * Whether a process lives: null when that cannot be told from here, because it runs on another host, in another process
 * namespace, or ran before the last start of this system. Slurm never runs a job twice at once, so an earlier start of this
 * process's own job is dead wherever it ran.
 */
export function isAlive(other: ProcessIdentity): boolean | null {
  const own = ownIdentity();
  if (own.slurm !== null && other.slurm?.job === own.slurm.job && other.slurm.restarts < own.slurm.restarts)
    return false;
  if (other.host !== own.host || other.system !== own.system) return null;
  return runsHere(other);
}

/** Whether the process lives, when it is one of this system and process namespace. */
export function runsHere({ pid, started }: Pick<ProcessIdentity, 'pid' | 'started'>): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: the process lives and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const state = processState(pid);
  if (state === null) return true;
  return !state.ended && (started === null || started === state.started);
}

function systemName(): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return null;
  }
}

/** From Linux' /proc; null elsewhere, or when it is hidden. A zombie has ended: only its parent has not asked yet. */
function processState(pid: number): { readonly started: string; readonly ended: boolean } | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // proc(5): the second field is the name in brackets and may itself hold brackets; field 3 is the state, 22 the start.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { started: fields[19] ?? '', ended: fields[0] === 'Z' || fields[0] === 'X' };
}
