import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { errorText, isInterruptionCode } from '../errors.js';
import { hasEnded } from '../results/index.js';
import { readRunLock, writeCrash } from '../run/index.js';
import { asKey } from '../words.js';
import type { Plan } from './plan.js';
import type { PlannedRun } from './planned-runs.js';
import { type Child, type ChildEnd, startChild } from './pool-child.js';
import type { MessageToPool, ReportedOutcome } from './pool-messages.js';
import { runArguments } from './run-arguments.js';
import { type RunTraces, readRunTraces } from './run-traces.js';

/** Milliseconds between two looks at a run that another process trains. */
const LOOK_MS = 1000;

/** What became of a run while the pool ran. */
export type RunEnd =
  /** `outcome` is null when another process completed it. */
  | { readonly state: 'completed' | 'diverged'; readonly path: string; readonly outcome: ReportedOutcome | null }
  | { readonly state: 'failed'; readonly reason: string }
  /** It stands where `stopAfter` says. */
  | { readonly state: 'paused'; readonly reason: string }
  | { readonly state: 'interrupted'; readonly reason: string }
  /** The pool stopped before it was the run's turn, or while another process trained it. */
  | { readonly state: 'left'; readonly reason: string };

/** What a pool tells while it goes on. */
export type PoolEvent =
  | { readonly type: 'started'; readonly run: PlannedRun }
  | { readonly type: 'message'; readonly run: PlannedRun; readonly message: MessageToPool }
  /** The run failed and is tried again, for the `attempt`-th time. */
  | { readonly type: 'retried'; readonly run: PlannedRun; readonly reason: string; readonly attempt: number }
  /** Another process trains the run: the pool looks at it again when nothing else is left to do. */
  | { readonly type: 'held'; readonly run: PlannedRun; readonly reason: string }
  | { readonly type: 'waiting'; readonly runs: readonly PlannedRun[] }
  | { readonly type: 'ended'; readonly run: PlannedRun; readonly end: RunEnd; readonly seconds: number };

const ownCommand = fileURLToPath(new URL('../cli/main.js', import.meta.url));

/** What a pool executes, and with what. */
export interface PoolOptions {
  readonly plan: Plan;
  /** The runs that are to be done, in this order. */
  readonly runs: readonly PlannedRun[];
  /** The file of our own command, of which every run is a process; default: the one of this package. */
  readonly entry?: string;
  /** Runs at the same time. */
  readonly jobs: number;
  /** Threads of each run. */
  readonly threads: number;
  /** Whether to start further runs when one has failed. */
  readonly keepGoing: boolean;
  /** How often a run that failed is tried again. */
  readonly retries: number;
  /** Whether a run is refused for which memory or disk space cannot be enough. */
  readonly checkResources: boolean;
  /** After how many epochs a run stops with its checkpoint; undefined: at its end. Default: every run at its end. */
  readonly stopAfter?: ((run: PlannedRun) => number | undefined) | undefined;
  /** Where a run finds its data; default: where the plan says. */
  readonly dataDirOf?: ((run: PlannedRun) => string) | undefined;
  readonly onEvent: (event: PoolEvent) => void;
}

/**
 * Executes runs in child processes, so that a crash or the lack of memory costs one run. Runs that other processes train
 * are left to them and waited for; a run whose other process gave up is taken over. A run that fails is tried again as often as
 * `retries` says.
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly #queue: PlannedRun[];
  readonly #children = new Set<Child>();
  readonly #held = new Map<number, PlannedRun>();
  readonly #ends = new Map<number, RunEnd>();
  readonly #startedAt = new Date().toISOString();
  /** How often each run failed here, and when it did last. */
  readonly #failures = new Map<number, { readonly count: number; readonly at: string }>();
  readonly #stopWaiting = new AbortController();
  #stopped: 'interrupted' | 'failed' | null = null;
  #looking: Promise<void> | null = null;
  #toldWaiting = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#queue = [...options.runs];
  }

  /** Works until every run has ended or the pool is stopped; returns what became of each, by its index. */
  async execute(): Promise<ReadonlyMap<number, RunEnd>> {
    const lanes = Math.min(this.#options.jobs, this.#queue.length);
    await Promise.all(Array.from({ length: lanes }, () => this.#work()));
    const reason =
      this.#stopped === 'failed'
        ? 'not started, because another run failed'
        : 'not started, because of the interruption';
    for (const run of this.#queue) this.#ends.set(run.index, { state: 'left', reason });
    for (const run of this.#held.values()) {
      this.#ends.set(run.index, { state: 'left', reason: 'another process trains it' });
    }
    return this.#ends;
  }

  /** Starts nothing more; the runs of this pool stop after their current step. */
  interrupt(): void {
    this.#stopped = 'interrupted';
    this.#stopWaiting.abort();
    for (const child of this.#children) child.interrupt();
  }

  /** Ends the runs of this pool at once; what they did after their last checkpoints is lost. */
  kill(): void {
    this.interrupt();
    for (const child of this.#children) child.kill();
  }

  /** One lane: does one run after the other, and looks at those that others train when there is nothing else. */
  async #work(): Promise<void> {
    while (this.#stopped === null) {
      const run = this.#queue.shift();
      if (run !== undefined) await this.#attend(run).catch((error: unknown) => this.#giveUp(run, error));
      else if (this.#held.size > 0) await this.#lookAtHeld();
      else return;
    }
  }

  async #attend(run: PlannedRun): Promise<void> {
    this.#held.delete(run.index);
    const { outputDir } = this.#options.plan;
    // The lock first: what its holder leaves is there before the lock is gone.
    const holder = await readRunLock(outputDir, run.configuration);
    if (holder !== null) return this.#leave(run, `process ${holder.pid} on host ${holder.host} trains it`);
    const traces = await readRunTraces(outputDir, run);
    const end = this.#endElsewhere(run, traces);
    if (end !== null) return this.#end(run, end, 0);
    // An interruption may have come while the files were read.
    if (this.#stopped !== null) this.#queue.unshift(run);
    else await this.#train(run);
  }

  /** A file system that does not answer costs the run, not the sweep. */
  #giveUp(run: PlannedRun, error: unknown): void {
    this.#end(run, { state: 'failed', reason: errorText(error, asKey) }, 0);
  }

  /** What another process has made of the run: done, or failed since this pool started. */
  #endElsewhere({ index }: PlannedRun, traces: RunTraces): RunEnd | null {
    if (traces.kind === 'ended') return { state: traces.state, path: traces.file.path, outcome: null };
    // What this pool's own last attempt left is no end elsewhere.
    const since = this.#failures.get(index)?.at ?? this.#startedAt;
    const elsewhere = (reason: string | null) =>
      ({ state: 'failed', reason: `${reason ?? 'for no known reason'} (in another process)` }) as const;
    const { last, crash } = traces;
    if (last?.status.state === 'failed' && last.finishedAt > since) return elsewhere(last.status.reason);
    return crash !== null && crash.at > since ? elsewhere(crash.reason) : null;
  }

  #leave(run: PlannedRun, reason: string): void {
    if (!this.#held.has(run.index)) this.#options.onEvent({ type: 'held', run, reason });
    this.#held.set(run.index, run);
  }

  async #train(run: PlannedRun): Promise<void> {
    const { entry = ownCommand, threads, checkResources, dataDirOf, onEvent } = this.#options;
    const stated = this.#options.plan;
    const plan = dataDirOf === undefined ? stated : { ...stated, dataDir: dataDirOf(run) };
    let told: Extract<MessageToPool, { type: 'outcome' | 'held' }> | null = null;
    const startedAt = performance.now();
    const own = ['--threads', String(threads), '--quiet', ...(checkResources ? [] : ['--no-resource-check'])];
    const epoch = this.#options.stopAfter?.(run);
    if (epoch !== undefined) own.push('--stop-after-epoch', String(epoch));
    const args = [entry, ...runArguments(plan, run, { absolute: true }), ...own];
    const child = startChild(args, (message) => {
      if (message.type === 'outcome' || message.type === 'held') told = message;
      else onEvent({ type: 'message', run, message });
    });
    this.#children.add(child);
    this.#toldWaiting = false;
    onEvent({ type: 'started', run });
    const ended = await child.ended;
    this.#children.delete(child);
    const end = this.#judge(told, ended);
    if (end === null) return this.#leave(run, 'another process trains it');
    if (end.state === 'failed' && told === null) {
      const crash = { at: new Date().toISOString(), reason: end.reason };
      // Where not even this can be written the reason is still reported.
      await writeCrash(plan.outputDir, run.configuration, crash).catch(() => undefined);
    }
    if (end.state === 'failed' && this.#retry(run, end.reason)) return;
    this.#end(run, end, (performance.now() - startedAt) / 1000);
  }

  /** Queues a failed run again, unless it has failed too often or the pool stops. */
  #retry(run: PlannedRun, reason: string): boolean {
    const attempt = (this.#failures.get(run.index)?.count ?? 0) + 1;
    if (attempt > this.#options.retries || this.#stopped !== null) return false;
    this.#failures.set(run.index, { count: attempt, at: new Date().toISOString() });
    this.#options.onEvent({ type: 'retried', run, reason, attempt });
    this.#queue.push(run);
    return true;
  }

  /** What became of a run by what it told and how its process ended; null when another process trains it. */
  #judge(told: MessageToPool | null, ended: ChildEnd): RunEnd | null {
    if (told?.type === 'held') return null;
    if (told?.type === 'outcome') {
      const { state, path, reason } = told.outcome;
      // Another process may have completed it between the pool's look and the child's.
      if (hasEnded(state)) return { state, path, outcome: told.outcome.alreadyComplete ? null : told.outcome };
      if (state === 'interrupted' && ended.code === 0) return { state: 'paused', reason: reason ?? 'stopped' };
      if (state === 'failed') return { state, reason: reason ?? 'for a reason it did not tell' };
    }
    if (told !== null || isInterruptionCode(ended.code) || this.#stopped === 'interrupted') {
      const by = this.#stopped === 'interrupted' ? '' : ', but not by this sweep';
      return { state: 'interrupted', reason: `interrupted${by}` };
    }
    return { state: 'failed', reason: describeCrash(ended) };
  }

  #end(run: PlannedRun, end: RunEnd, seconds: number): void {
    this.#ends.set(run.index, end);
    if (end.state === 'failed' && !this.#options.keepGoing) {
      this.#stopped ??= 'failed';
      this.#stopWaiting.abort();
    }
    this.#options.onEvent({ type: 'ended', run, end, seconds });
  }

  /** All lanes that have nothing to do look together. */
  #lookAtHeld(): Promise<void> {
    if (this.#children.size === 0 && !this.#toldWaiting) {
      this.#toldWaiting = true;
      this.#options.onEvent({ type: 'waiting', runs: [...this.#held.values()] });
    }
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    await sleep(LOOK_MS, undefined, { signal: this.#stopWaiting.signal }).catch(() => undefined);
    if (this.#stopped !== null) return;
    for (const run of this.#held.values()) {
      const holder = await readRunLock(this.#options.plan.outputDir, run.configuration);
      if (holder === null && !this.#queue.includes(run)) this.#queue.push(run);
    }
  }
}

function describeCrash({ code, signal, lastWords }: ChildEnd): string {
  const how =
    signal === 'SIGKILL'
      ? 'its process was killed by SIGKILL, as the system does when memory runs out'
      : signal !== null
        ? `its process was ended by ${signal}`
        : code === null
          ? 'its process'
          : `exit code ${code}`;
  if (lastWords === null) return how;
  return code === 2 ? lastWords : `${how}: ${lastWords}`;
}
