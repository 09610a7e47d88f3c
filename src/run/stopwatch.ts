import { cpus } from 'node:os';

/** Wall-clock and CPU seconds (all threads of this process) since it was started, and what others did meanwhile. */
export class Stopwatch {
  readonly #wall = performance.now();
  readonly #cpu = process.cpuUsage();
  readonly #busy = busySeconds();

  get wallSeconds(): number {
    return (performance.now() - this.#wall) / 1000;
  }

  get cpuSeconds(): number {
    const { user, system } = process.cpuUsage(this.#cpu);
    return (user + system) / 1e6;
  }

  /**
   * Processor cores that other processes of this machine kept busy, on average: 0 when this one was alone. Operating systems
   * count in hundredths of a second, so a very short time says little.
   */
  get otherCores(): number {
    const { wallSeconds } = this;
    if (wallSeconds <= 0) return 0;
    return Math.max(0, (busySeconds() - this.#busy - this.cpuSeconds) / wallSeconds);
  }
}

/** Seconds that all cores together have worked since the machine was started. */
function busySeconds(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1000;
}
