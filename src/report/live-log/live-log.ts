import { quantitiesOf } from '../../analysis/index.js';
import { hashConfiguration, type Metric, type RunConfiguration } from '../../results/index.js';
import type { RunEvent } from '../../run/index.js';

/** A number that a run has measured, or an event of its optimizer, as a live log has it. */
export interface LogRow {
  /** The first digits of the hash of the run's configuration. */
  readonly run: string;
  readonly seed: number;
  /** With the step as a fraction; 0 is before training. */
  readonly epoch: number;
  /** Step of the whole training. */
  readonly step: number;
  /** When it was measured, in seconds since 1970. */
  readonly time: number;
  /** `test_losses` …, `minibatch_train_losses`, or what the optimizer calls it. */
  readonly metric: string;
  /** Group or layer; empty where it belongs to the whole. */
  readonly where: string;
  /** Null: not finite. */
  readonly value: number | null;
  readonly testproblem: string;
  readonly optimizer: string;
}

/** Where the rows of a run go while it trains. All calls return when the rows are written. Throw OutputError. */
export interface LogWriter {
  /** The run begins, or goes on after so many epochs: what an earlier attempt has written beyond goes away. */
  begin(start: LogStart): void;
  add(rows: readonly LogRow[]): void;
  end(event: Extract<RunEvent, { type: 'end' }>): void;
}

/** What a writer knows of a run from its start on. */
export interface LogStart {
  readonly run: string;
  readonly configuration: RunConfiguration;
  readonly stepsPerEpoch: number;
  /** Null for a run that starts at its beginning. */
  readonly resumedFrom: ResumedFrom | null;
  readonly time: number;
}

/** The checkpoint that a run goes on from: finished epochs, and steps of the epoch after these. */
export interface ResumedFrom {
  readonly epoch: number;
  readonly step: number;
  readonly stepsPerEpoch: number;
}

/** Metrics that are measured between epochs; everything else is measured within one. */
export function isEvaluated(metric: string): metric is Metric {
  return /^(train|valid|test)_/.test(metric);
}

/** Losses of single minibatches in training, as run files call them. */
export const MINIBATCH_METRIC = 'minibatch_train_losses';

/**
 * Whether a row of an earlier attempt was measured before the checkpoint that the run goes on from. What the optimizer
 * reports of an epoch it reports at its end, also of an epoch in which the run was interrupted.
 */
export function isKept(
  { metric, epoch, step }: Pick<LogRow, 'metric' | 'epoch' | 'step'>,
  resumedFrom: ResumedFrom | null,
): boolean {
  if (resumedFrom === null) return false;
  const { stepsPerEpoch } = resumedFrom;
  if (isEvaluated(metric)) return epoch <= resumedFrom.epoch;
  if (metric === MINIBATCH_METRIC) return step < resumedFrom.epoch * stepsPerEpoch + resumedFrom.step;
  return Math.floor(epoch) < resumedFrom.epoch + (resumedFrom.step === stepsPerEpoch ? 1 : 0);
}

/** Milliseconds that minibatch losses wait for others, so that a fast run does not write a line at a time. */
const WAIT_MS = 1000;

/** Turns the events of one run into rows, in the order in which they are measured. */
export class LiveLog {
  readonly #writer: LogWriter;
  readonly #now: () => number;
  #start: LogStart | null = null;
  #waiting: LogRow[] = [];
  #writtenAt = 0;

  /** `now` is the time in seconds since 1970. */
  constructor(writer: LogWriter, now: () => number = () => Date.now() / 1000) {
    this.#writer = writer;
    this.#now = now;
  }

  /** Throws OutputError when the log cannot be written. */
  observe(event: RunEvent): void {
    switch (event.type) {
      case 'start': {
        const { configuration, stepsPerEpoch, resumedFromEpoch, resumedFromStep } = event;
        const resumedFrom =
          resumedFromEpoch === null ? null : { epoch: resumedFromEpoch, step: resumedFromStep ?? 0, stepsPerEpoch };
        const run = hashConfiguration(configuration).slice(0, 12);
        this.#start = { run, configuration, stepsPerEpoch, resumedFrom, time: this.#now() };
        this.#writer.begin(this.#start);
        return;
      }
      case 'step': {
        const { epoch, step, stepsPerEpoch, loss } = event;
        const interval = this.#start?.configuration.trainLogInterval ?? 1;
        if ((step - 1) % interval !== 0) return;
        const before = step - 1;
        this.#add(MINIBATCH_METRIC, '', epoch - 1 + before / stepsPerEpoch, (epoch - 1) * stepsPerEpoch + before, loss);
        if (this.#now() - this.#writtenAt > WAIT_MS / 1000) this.#flush();
        return;
      }
      case 'log': {
        const log = [{ epoch: event.epoch, ...event.entry }];
        const { points, events } = quantitiesOf(log, this.#start?.stepsPerEpoch ?? 1);
        for (const { quantity, where, epoch, step, value } of points) this.#add(quantity, where, epoch, step, value);
        for (const { event: name, where, epoch, step } of events) this.#add(`event ${name}`, where, epoch, step, 1);
        return;
      }
      case 'evaluation': {
        const { epoch, results } = event;
        const step = epoch * (this.#start?.stepsPerEpoch ?? 0);
        for (const [phase, of] of PHASES) {
          const { loss, accuracy, metrics = {} } = results[phase];
          this.#add(`${of}_losses` satisfies Metric, '', epoch, step, loss);
          if (accuracy !== null) this.#add(`${of}_accuracies` satisfies Metric, '', epoch, step, accuracy);
          for (const [name, value] of Object.entries(metrics)) this.#add(`${of}_${name}`, '', epoch, step, value);
        }
        this.#flush();
        return;
      }
      case 'end':
        this.#flush();
        this.#writer.end(event);
    }
  }

  #add(metric: string, where: string, epoch: number, step: number, value: number | null): void {
    if (this.#start === null) return;
    const { run, configuration } = this.#start;
    const { seed, testproblem, optimizer } = configuration;
    const number = value === null || !Number.isFinite(value) ? null : value;
    const about = { run, seed, epoch, step, time: this.#now(), metric, where, value: number };
    this.#waiting.push({ ...about, testproblem, optimizer: optimizer.className });
  }

  #flush(): void {
    const rows = this.#waiting;
    this.#waiting = [];
    this.#writtenAt = this.#now();
    if (rows.length > 0) this.#writer.add(rows);
  }
}

const PHASES = [
  ['train_eval', 'train'],
  ['valid', 'valid'],
  ['test', 'test'],
] as const;
