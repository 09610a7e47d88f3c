import { join, resolve } from 'node:path';
import { makeFolders } from '../../make-folders.js';
import {
  ASSUMED_EPOCH,
  type EpochEstimate,
  maxArraySize,
  measuredEpoch,
  type Plan,
  type PlannedRun,
  planStatus,
  shellWord,
  slurmScripts,
} from '../../sweep/index.js';
import { dataDirectory } from '../data-dir.js';
import { planArgument } from '../plan-argument.js';
import { counted } from '../progress.js';
import type { SweepCommandsOptions } from '../sweep-options.js';
import type { Terminal } from '../terminal.js';
import { writeNewFile } from './new-file.js';

/** Writes a plan's scripts for Slurm into a folder; their paths go to stdout. Throws ProbprecError. */
export async function writeSlurmScripts(
  plan: Plan,
  runs: readonly PlannedRun[],
  program: string,
  options: SweepCommandsOptions,
  terminal: Terminal,
): Promise<void> {
  const folder = options.output ?? `slurm-${plan.name}`;
  const epoch = await estimateEpoch(plan, runs, options.epochSeconds);
  const files = slurmScripts(plan, runs.length, {
    folder: resolve(folder),
    planPath: resolve(plan.path),
    program,
    dataDir: resolve(dataDirectory(plan.dataDir)),
    maxArraySize: await maxArraySize(),
    epoch,
    signalSeconds: options.signalSeconds,
    maxRestarts: options.maxRestarts,
  });
  for (const { name, text } of files) {
    const path = join(folder, name);
    const executable = name.endsWith('.sh');
    await writeNewFile(path, text, { overwrite: options.overwrite, what: 'a script', executable });
    terminal.result(path);
  }
  // Slurm does not make it, and sbatch may be called without the submit script.
  await makeFolders(join(folder, 'logs'));
  const how = { measured: 'the longest measured', stated: 'as stated', assumed: 'assumed' }[epoch.source];
  terminal.line(`${counted(runs.length, 'run')}; an epoch takes ${epoch.seconds.toPrecision(3)} s (${how})`);
  terminal.line(
    `next: ${shellWord(join(folder, `${plan.name}-submit.sh`))}, then probprec sweep status ${planArgument(plan)}`,
  );
}

async function estimateEpoch(
  plan: Plan,
  runs: readonly PlannedRun[],
  stated: number | undefined,
): Promise<EpochEstimate> {
  if (stated !== undefined) return { seconds: stated, source: 'stated' };
  return (await measuredEpoch(await planStatus(plan, runs))) ?? ASSUMED_EPOCH;
}
