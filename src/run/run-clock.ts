/**
 * When a run started and what time it is. A clock that is set back, or another host's that is late, makes no run end before
 * it started: the time is never earlier than what the monotonic clock has counted since the run was begun or taken up.
 */
export class RunClock {
  /** When the run was started, perhaps by another process. */
  readonly startedAt: Date;
  /** When this process began or took up the run. */
  readonly takenUpAt: Date;
  readonly #counter = performance.now();

  private constructor(startedAt: Date, takenUpAt: Date) {
    this.startedAt = startedAt;
    this.takenUpAt = takenUpAt;
  }

  static start(): RunClock {
    const now = new Date();
    return new RunClock(now, now);
  }

  static resume(startedAt: Date): RunClock {
    return new RunClock(startedAt, new Date(Math.max(Date.now(), startedAt.getTime())));
  }

  now(): Date {
    const counted = this.takenUpAt.getTime() + (performance.now() - this.#counter);
    return new Date(Math.max(Date.now(), counted));
  }
}
