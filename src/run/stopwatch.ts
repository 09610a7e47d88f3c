import { cpus } from 'node:os';

/** What a stopwatch shows: seconds, and the cores that others kept busy. */
export interface Times {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly otherCores: number;
}

/** Wall-clock and CPU seconds (all threads of this process) since it was started, and what others did meanwhile. */
export class Stopwatch implements Times {
  readonly #wall = performance.now();
  readonly #cpu = process.cpuUsage();
  readonly #busy = busySeconds();
  readonly #before: Times;
  /** What is left out. */
  #paused = { wall: 0, cpu: 0, busy: 0 };

  /** Goes on from what another one has shown, perhaps in another process. */
  constructor(before: Times = { wallSeconds: 0, cpuSeconds: 0, otherCores: 0 }) {
    this.#before = before;
  }

  get wallSeconds(): number {
    return this.#before.wallSeconds + this.#ownWallSeconds;
  }

  get cpuSeconds(): number {
    return this.#before.cpuSeconds + this.#ownCpuSeconds;
  }

  /** Does something whose time does not count; returns its wall-clock seconds. */
  async without(work: () => Promise<void>): Promise<number> {
    const [wall, cpu, busy] = [performance.now(), process.cpuUsage(), busySeconds()];
    await work();
    const seconds = (performance.now() - wall) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    this.#paused.wall += seconds;
    this.#paused.cpu += (user + system) / 1e6;
    this.#paused.busy += busySeconds() - busy;
    return seconds;
  }

  get #ownWallSeconds(): number {
    return (performance.now() - this.#wall) / 1000 - this.#paused.wall;
  }

  get #ownCpuSeconds(): number {
    const { user, system } = process.cpuUsage(this.#cpu);
    return (user + system) / 1e6 - this.#paused.cpu;
  }

  /**
   * Processor cores that other processes of this machine kept busy, on average: 0 when this one was alone. Operating systems
   * count in hundredths of a second, so a very short time says little.
   */
  get otherCores(): number {
    const { wallSeconds } = this;
    if (wallSeconds <= 0) return 0;
    const own = Math.max(0, busySeconds() - this.#busy - this.#paused.busy - this.#ownCpuSeconds);
    return (this.#before.otherCores * this.#before.wallSeconds + own) / wallSeconds;
  }
}

/** Seconds that all cores together have worked since the machine was started. */
function busySeconds(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1000;
}
