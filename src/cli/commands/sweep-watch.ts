import { setTimeout as sleep } from 'node:timers/promises';
import { hasEnded } from '../../results/index.js';
import {
  countPlanned,
  expandPlan,
  isOpen,
  PLANNED_STATES,
  type PlannedStatus,
  planStatus,
  readPlan,
  selectRuns,
  slurmQueue,
} from '../../sweep/index.js';
import { counted } from '../progress.js';
import { formatDuration } from '../progress-line.js';
import type { SweepStatusOptions } from '../sweep-options.js';
import { describeRun } from '../sweep-progress.js';
import type { Terminal } from '../terminal.js';

/**
 * Shows how a sweep goes on until nothing of it is left to do, whoever trains it: on a screen in place, elsewhere a line
 * when something has changed. Looks every so many seconds.
 */
export async function watchSweep(
  path: string,
  options: SweepStatusOptions & { readonly watch: number },
  terminal: Terminal,
): Promise<void> {
  const plan = await readPlan(path, options);
  const { runs: all } = await expandPlan(plan);
  // Those that are chosen by their state at the start are watched to their end.
  const runs = selectRuns(await planStatus(plan, all), options.only, '--only').map(({ run }) => run);
  const rate = new Rate();
  let said = '';
  for (;;) {
    const [statuses, queue] = await Promise.all([planStatus(plan, runs), slurmQueue(plan)]);
    const queued = queue?.size ?? 0;
    const running = statuses.filter(({ state }) => state === 'running');
    const isOver = (status: PlannedStatus) => !isOpen(status) || status.state === 'failed';
    if (running.length + queued === 0 && statuses.every(isOver)) {
      terminal.transient('');
      return;
    }
    const now = performance.now() / 1000;
    const left = rate.secondsLeft(statuses, now);
    const counts = countPlanned(statuses);
    const parts = PLANNED_STATES.filter((state) => counts[state] > 0).map((state) => `${counts[state]} ${state}`);
    const waiting = queued === 0 ? '' : `, ${queued} in Slurm's queue`;
    const line = `${plan.name}: ${counts.completed + counts.diverged} of ${counted(statuses.length, 'run')} done; ${parts.join(', ')}${waiting}`;
    if (terminal.interactive) {
      const time = left === null ? '' : `; about ${formatDuration(left)} left`;
      terminal.transient([line + time, ...running.map((status) => `  ${progressOf(status)}`)].join('\n'));
    } else if (line !== said) {
      terminal.result(line);
      said = line;
    }
    await sleep(options.watch * 1000);
  }
}

function progressOf({ run, epoch }: PlannedStatus): string {
  const { numEpochs } = run.configuration;
  return `${describeRun(run)}: ${epoch === null ? 'before its first checkpoint' : `epoch ${epoch}/${numEpochs}`}`;
}

/** How fast runs come to their ends, since the first look at them. */
class Rate {
  #first: { readonly done: number; readonly at: number } | null = null;

  /** Null while nothing has gone on. `at` is a time in seconds. */
  secondsLeft(statuses: readonly PlannedStatus[], at: number): number | null {
    const done = statuses.reduce((sum, status) => sum + shareOf(status), 0);
    this.#first ??= { done, at };
    const { done: before, at: since } = this.#first;
    return done <= before ? null : ((statuses.length - done) * (at - since)) / (done - before);
  }
}

function shareOf({ state, epoch, run }: PlannedStatus): number {
  if (hasEnded(state) || state === 'failed' || state === 'pruned') return 1;
  return epoch === null ? 0 : epoch / Math.max(1, run.configuration.numEpochs);
}
