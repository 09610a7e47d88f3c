import type { PlannedRun, PoolEvent, RunEnd } from '../sweep/index.js';
import { counted } from './progress.js';
import { formatDuration } from './progress-line.js';
import type { Terminal } from './terminal.js';

/** Milliseconds between two updates: of the table on a screen, of a line elsewhere. */
const UPDATE_MS = { screen: 250, plain: 60_000 };

/** What is known of a run that is in the works. */
interface Running {
  readonly run: PlannedRun;
  readonly startedAt: number;
  text: string;
  secondsLeft: number | null;
}

/** Shows a sweep: failures always; unless `quiet` every ended run, and on a screen a table of those in the works. */
export class SweepProgress {
  readonly #terminal: Terminal;
  readonly #quiet: boolean;
  readonly #jobs: number;
  readonly #planned: number;
  readonly #running = new Map<number, Running>();
  readonly #waiting = new Map<number, PlannedRun>();
  readonly #durations = new Map<string, number[]>();
  readonly #counts = { completed: 0, diverged: 0, failed: 0, interrupted: 0, left: 0 };
  readonly #timer: NodeJS.Timeout;

  /** `planned` runs in all, of which `todo` are left; `jobs` of them run at the same time. */
  constructor(
    terminal: Terminal,
    options: { quiet: boolean; jobs: number; planned: number; todo: readonly PlannedRun[] },
  ) {
    this.#terminal = terminal;
    this.#quiet = options.quiet;
    this.#jobs = options.jobs;
    this.#planned = options.planned;
    for (const run of options.todo) this.#waiting.set(run.index, run);
    this.#counts.completed = options.planned - options.todo.length;
    const show = () => (terminal.interactive ? this.#draw() : this.#say(this.#headline()));
    this.#timer = setInterval(show, terminal.interactive ? UPDATE_MS.screen : UPDATE_MS.plain);
    this.#timer.unref();
  }

  observe(event: PoolEvent): void {
    switch (event.type) {
      case 'started':
        this.#waiting.delete(event.run.index);
        this.#running.set(event.run.index, {
          run: event.run,
          startedAt: performance.now(),
          text: 'starting',
          secondsLeft: null,
        });
        return;
      case 'message':
        this.#hear(event);
        return;
      case 'retried':
        this.#running.delete(event.run.index);
        this.#waiting.set(event.run.index, event.run);
        this.#terminal.line(
          `probprec: ${describeRun(event.run)}: failed, retry ${event.attempt} follows: ${event.reason}`,
        );
        return;
      case 'held':
        this.#running.delete(event.run.index);
        this.#say(`${describeRun(event.run)}: left to another process (${event.reason})`);
        return;
      case 'waiting': {
        const runs = counted(event.runs.length, 'run');
        this.#say(`waiting for ${runs} that other processes train (Ctrl-C ends the waiting)`);
        return;
      }
      case 'ended':
        this.#end(event.run, event.end, event.seconds);
    }
  }

  /** Ends the display; the table goes away. */
  close(): void {
    clearInterval(this.#timer);
    this.#terminal.transient('');
  }

  #hear({ run, message }: Extract<PoolEvent, { type: 'message' }>): void {
    const running = this.#running.get(run.index);
    if (message.type === 'warning') this.#terminal.line(`probprec: warning: ${describeRun(run)}: ${message.message}`);
    if (running === undefined) return;
    if (message.type === 'activity') running.text = message.text;
    if (message.type !== 'progress') return;
    running.text = `epoch ${message.epoch}/${message.numEpochs}, loss ${message.loss?.toPrecision(4) ?? 'not finite'}`;
    running.secondsLeft = message.secondsLeft;
  }

  #end(run: PlannedRun, end: RunEnd, seconds: number): void {
    this.#running.delete(run.index);
    if (end.state === 'paused') {
      // It goes on after the decision on its group, or not at all.
      this.#waiting.set(run.index, run);
      this.#say(`${describeRun(run)}: ${end.reason}`);
      return;
    }
    this.#waiting.delete(run.index);
    this.#counts[end.state] += 1;
    if (end.state === 'failed') {
      this.#terminal.line(`probprec: failed: ${describeRun(run)}: ${end.reason}`);
      return;
    }
    if ('outcome' in end && end.outcome !== null) {
      const kind = kindOf(run);
      this.#durations.set(kind, [...(this.#durations.get(kind) ?? []), seconds]);
    }
    const left = this.#terminal.interactive ? '' : `; ${this.#headline()}`;
    this.#say(`${describeRun(run)}: ${describeEnd(end, seconds)}${left}`);
  }

  #headline(): string {
    const { completed, diverged, failed } = this.#counts;
    const notes = [
      diverged === 0 ? '' : `, ${diverged} diverged`,
      failed === 0 ? '' : `, ${failed} failed`,
      this.#running.size === 0 ? '' : `, ${this.#running.size} running`,
    ];
    const seconds = this.#secondsLeft();
    const left = seconds > 0 && Number.isFinite(seconds) ? `, about ${formatDuration(seconds)} left` : '';
    return `${completed + diverged} of ${this.#planned} done${notes.join('')}${left}`;
  }

  /** From the runs that ended, else from what the runs in the works expect; NaN while nothing is known. */
  #secondsLeft(): number {
    const running = [...this.#running.values()];
    const now = performance.now();
    const expected = new Map<string, number>();
    for (const { run, startedAt, secondsLeft } of running) {
      if (secondsLeft !== null) expected.set(kindOf(run), (now - startedAt) / 1000 + secondsLeft);
    }
    for (const [kind, seconds] of this.#durations) expected.set(kind, mean(seconds));
    const otherwise = mean([...expected.values()]);
    const whole = (run: PlannedRun) => expected.get(kindOf(run)) ?? otherwise;
    const rest = running.map(
      ({ run, startedAt, secondsLeft }) => secondsLeft ?? Math.max(0, whole(run) - (now - startedAt) / 1000),
    );
    const work = [...rest, ...[...this.#waiting.values()].map(whole)];
    return Math.max(0, ...rest, sum(work) / this.#jobs);
  }

  #draw(): void {
    if (this.#quiet) return;
    const rows = [...this.#running.values()].map(({ run, text, secondsLeft }) => {
      const left = secondsLeft === null ? '' : `, ${formatDuration(secondsLeft)} left`;
      return `  ${describeRun(run)}: ${text}${left}`;
    });
    this.#terminal.transient([this.#headline(), ...rows].join('\n'));
  }

  #say(text: string): void {
    if (this.#quiet) return;
    this.#terminal.line(text);
    if (this.#terminal.interactive) this.#draw();
  }
}

/** `#12 mnist_mlp sgd lr=0.1 seed 42`: what tells a planned run from the others. */
export function describeRun({ index, request, configuration }: PlannedRun): string {
  const settings = Object.entries(request.hyperparameters ?? {}).map(([name, value]) => ` ${name}=${value}`);
  return `#${index} ${configuration.testproblem} ${configuration.optimizer.name}${settings.join('')} seed ${configuration.seed}`;
}

function describeEnd(end: RunEnd, seconds: number): string {
  if ('reason' in end) return end.reason;
  const { outcome } = end;
  if (outcome === null) return `${end.state} by another process`;
  const last = end.state === 'completed' ? '' : 'last ';
  const accuracy =
    outcome.testAccuracy === null ? '' : `, ${last}test accuracy ${(100 * outcome.testAccuracy).toFixed(2)} %`;
  const loss = outcome.testLoss === null ? '' : `, ${last}test loss ${outcome.testLoss.toPrecision(4)}`;
  return `${end.state} in ${formatDuration(seconds)}${accuracy}${loss}`;
}

/** Runs of one kind take about the same time. */
function kindOf({ configuration: { testproblem, optimizer, numEpochs, batchSize } }: PlannedRun): string {
  return [testproblem, optimizer.name, numEpochs, batchSize].join(' ');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}
