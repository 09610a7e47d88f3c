/** When a run started and what time it is. */
export interface RunClock {
  /** When the run was started, perhaps by another process. */
  readonly startedAt: Date;
  /** When this process began or took up the run. */
  readonly takenUpAt: Date;
  now(): Date;
}

/** The clock of a run that starts now. */
export function startClock(): RunClock {
  const now = new Date();
  return clockOf(now, now);
}

/** The clock of a run that is taken up. */
export function resumeClock(startedAt: Date): RunClock {
  return clockOf(startedAt, new Date(Math.max(Date.now(), startedAt.getTime())));
}

/**
 * A clock that is set back, or another host's that is late, makes no run end before it started: the time is never earlier than
 * what the monotonic clock has counted since the run was begun or taken up.
 */
function clockOf(startedAt: Date, takenUpAt: Date): RunClock {
  const counter = performance.now();
  return {
    startedAt,
    takenUpAt,
    now: () => new Date(Math.max(Date.now(), takenUpAt.getTime() + (performance.now() - counter))),
  };
}
