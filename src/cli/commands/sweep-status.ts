import type { ExitCode } from '../../errors.js';
import {
  countPlanned,
  expandPlan,
  isOpen,
  PLANNED_STATES,
  type Plan,
  type PlannedState,
  type PlannedStatus,
  planStatus,
  type QueuedRun,
  readPlan,
  selectRuns,
  slurmQueue,
} from '../../sweep/index.js';
import { divergenceHints } from '../divergence-hints.js';
import { UsageError } from '../failure.js';
import { planArgument } from '../plan-argument.js';
import { counted } from '../progress.js';
import type { SweepStatusOptions } from '../sweep-options.js';
import { formatTable } from '../table.js';
import type { Terminal } from '../terminal.js';
import { tellAboutUserFiles } from '../user-files.js';
import { settingDescriber } from './sweep-settings.js';
import { watchSweep } from './sweep-watch.js';

/** Settings and failures that are listed at most; --all lists every one. */
const LISTED = 20;

/** Seconds between two looks of --watch. */
const WATCH_SECONDS = 5;

/** Says what became of a plan's runs; returns 1 when one failed. */
export async function sweepStatus(path: string, options: SweepStatusOptions, terminal: Terminal): Promise<ExitCode> {
  const { watch } = options;
  if (watch !== undefined) {
    if (options.json) throw new UsageError({ subject: '--watch', found: '--json as well', expected: 'one of the two' });
    await watchSweep(path, { ...options, watch: watch === true ? WATCH_SECONDS : watch }, terminal);
  }
  const plan = await readPlan(path, options);
  const { runs, repeated } = await expandPlan(plan);
  const [all, queue] = await Promise.all([planStatus(plan, runs), slurmQueue(plan)]);
  const statuses = selectRuns(all, options.only, '--only');
  const counts = countPlanned(statuses);
  if (options.json) {
    terminal.result(JSON.stringify(asJson(plan, statuses, queue ?? new Map()), null, 2));
  } else {
    const { completed, diverged } = counts;
    const done = `${completed + diverged} of ${counted(statuses.length, 'run')} done`;
    terminal.result(`${plan.name}: ${done}; ${describeCounts(counts)}`);
    await tellAboutUserFiles(runs, { outputDir: plan.outputDir, quiet: false }, terminal);
    if (repeated > 0) terminal.line(`${counted(repeated, 'run')} stated more than once and counted once`);
    if (queue !== null && queue.size > 0) terminal.result(describeQueue([...queue.values()]));
    showFailures(statuses, options, terminal);
    showFaults(statuses, options, terminal);
    showGroups(statuses, terminal);
    showSettings(statuses, options, terminal);
    const lost = statuses.filter(({ state }) => state === 'diverged').map(({ run }) => run);
    for (const hint of await divergenceHints(lost)) terminal.line(hint);
    const left = statuses.filter(isOpen).length;
    const isQueued = ({ run }: PlannedStatus) => queue?.has(run.index) === true;
    const waiting = statuses.filter(
      (status) => isOpen(status) && status.state !== 'running' && isQueued(status),
    ).length;
    if (left > counts.running + waiting) terminal.line(`next: probprec sweep run ${planArgument(plan)}`);
    else if (left === 0) terminal.line(`next: probprec sweep best ${planArgument(plan)}`);
  }
  return counts.failed > 0 ? 1 : 0;
}

/** `in Slurm's queue: 2 running, 8 pending (JobArrayTaskLimit)`. */
function describeQueue(queued: readonly QueuedRun[]): string {
  const counts = new Map<string, number>();
  for (const { state, reason } of queued) {
    const text = `${state.toLowerCase()}${state === 'PENDING' ? ` (${reason})` : ''}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return `in Slurm's queue: ${[...counts].map(([text, count]) => `${count} ${text}`).join(', ')}`;
}

function describeCounts(counts: Readonly<Record<PlannedState, number>>): string {
  const parts = PLANNED_STATES.filter((state) => counts[state] > 0).map((state) => `${counts[state]} ${state}`);
  return parts.join(', ');
}

/** Checkpoints and locks that the next run will not go on from. */
function showFaults(statuses: readonly PlannedStatus[], { all }: SweepStatusOptions, terminal: Terminal): void {
  const faulty = statuses.filter(({ fault }) => fault !== null);
  for (const { run, fault } of faulty.slice(0, all ? undefined : LISTED)) {
    terminal.result(`run ${run.index}, seed ${run.configuration.seed}: ${fault}`);
  }
  if (!all && faulty.length > LISTED) terminal.result(`and ${faulty.length - LISTED} more with a fault (--all)`);
}

/** Failed runs first, by reason: one mistake often fails many runs. */
function showFailures(statuses: readonly PlannedStatus[], { all }: SweepStatusOptions, terminal: Terminal): void {
  const reasons = new Map<string, PlannedStatus[]>();
  for (const status of statuses) {
    if (status.state !== 'failed') continue;
    const reason = status.reason ?? 'no reason given';
    reasons.set(reason, [...(reasons.get(reason) ?? []), status]);
  }
  for (const [reason, members] of reasons) {
    terminal.result(`failed (${counted(members.length, 'run')}): ${reason}`);
    for (const { run, path } of members.slice(0, all ? undefined : 3)) {
      terminal.result(`  run ${run.index}, seed ${run.configuration.seed}: ${path ?? 'no run file'}`);
    }
    if (!all && members.length > 3) terminal.result(`  and ${members.length - 3} more (--all)`);
  }
}

function showGroups(statuses: readonly PlannedStatus[], terminal: Terminal): void {
  const groups = grouped(statuses, ({ run: { configuration } }) =>
    JSON.stringify([configuration.testproblem, configuration.optimizer.className]),
  );
  const rows = groups.map((members) => {
    const { testproblem, optimizer } = first(members).run.configuration;
    return [testproblem, optimizer.className, members.length, ...cells(members, shownStates(statuses))];
  });
  terminal.result('');
  terminal.result(formatTable(['test problem', 'optimizer', 'runs', ...shownStates(statuses)], rows, terminal));
}

function showSettings(statuses: readonly PlannedStatus[], { all }: SweepStatusOptions, terminal: Terminal): void {
  const groups = grouped(statuses, ({ run: { request } }) => JSON.stringify({ ...request, seed: null }));
  const isUnsettled = (members: readonly PlannedStatus[]) => members.some(({ state }) => state !== 'completed');
  const shown = groups.filter((members) => all || isUnsettled(members));
  if (shown.length === 0) return;
  const describe = settingDescriber(statuses.map(({ run }) => run));
  const listed = shown.slice(0, all ? undefined : LISTED);
  const rows = listed.map((members) => {
    const { configuration } = first(members).run;
    const epochs = members.flatMap(({ state, epoch }) =>
      (state === 'running' || state === 'interrupted') && epoch !== null ? [`${epoch}/${configuration.numEpochs}`] : [],
    );
    return [
      configuration.testproblem,
      configuration.optimizer.className,
      describe(first(members).run),
      ...cells(members, shownStates(statuses)),
      epochs.slice(0, 4).join(' ') || null,
    ];
  });
  terminal.result('');
  if (!all) terminal.result(`settings with runs that did not complete (--all shows the others too):`);
  terminal.result(
    formatTable(['test problem', 'optimizer', 'setting', ...shownStates(statuses), 'epochs'], rows, terminal),
  );
  if (listed.length < shown.length) terminal.result(`and ${shown.length - listed.length} more (--all)`);
}

/** The states that have a column: those that some run is in, and `completed`. */
function shownStates(statuses: readonly PlannedStatus[]): readonly PlannedState[] {
  const found = new Set(statuses.map(({ state }) => state));
  return PLANNED_STATES.filter((state) => state === 'completed' || found.has(state));
}

function cells(members: readonly PlannedStatus[], shown: readonly PlannedState[]): (number | null)[] {
  const counts = countPlanned(members);
  return shown.map((state) => counts[state] || null);
}

function grouped<Entry>(entries: readonly Entry[], keyOf: (entry: Entry) => string): [Entry, ...Entry[]][] {
  const groups = new Map<string, [Entry, ...Entry[]]>();
  for (const entry of entries) {
    const key = keyOf(entry);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return [...groups.values()];
}

function first<Entry>([entry]: readonly [Entry, ...Entry[]]): Entry {
  return entry;
}

function asJson(plan: Plan, statuses: readonly PlannedStatus[], queue: ReadonlyMap<number, QueuedRun>) {
  return {
    plan: plan.path,
    name: plan.name,
    counts: countPlanned(statuses),
    runs: statuses.map(({ run, state, path, epoch, reason, fault }) => ({
      index: run.index,
      testproblem: run.configuration.testproblem,
      optimizer: run.configuration.optimizer.name,
      hyperparameters: run.configuration.optimizer.hyperparameters,
      seed: run.configuration.seed,
      state,
      epoch,
      num_epochs: run.configuration.numEpochs,
      reason,
      fault,
      path,
      configuration_hash: run.hash,
      slurm: queued(queue.get(run.index)),
    })),
  };
}

function queued(entry: QueuedRun | undefined) {
  return entry === undefined ? null : { job_id: entry.jobId, state: entry.state, reason: entry.reason };
}
