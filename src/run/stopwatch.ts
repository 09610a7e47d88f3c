/** Wall-clock and CPU seconds (all threads of this process) since it was started. */
export class Stopwatch {
  readonly #wall = performance.now();
  readonly #cpu = process.cpuUsage();

  get wallSeconds(): number {
    return (performance.now() - this.#wall) / 1000;
  }

  get cpuSeconds(): number {
    const { user, system } = process.cpuUsage(this.#cpu);
    return (user + system) / 1e6;
  }
}
