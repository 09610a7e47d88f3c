import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';

/** The machine as far as results depend on it: no host name, no user, no paths. */
export function describeMachine() {
  return {
    node: process.versions.node,
    platform: platform(),
    arch: arch(),
    cpu_model: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory_bytes: totalmem(),
  };
}
