import { isAbsolute, resolve } from 'node:path';
import {
  type CommandFile,
  commandFiles,
  commandLines,
  isOpen,
  type Plan,
  parallelFile,
  plannedRuns,
  planStatus,
  readPlan,
  selectRuns,
  shellWord,
} from '../../sweep/index.js';
import { dataDirectory } from '../data-dir.js';
import { UsageError } from '../failure.js';
import { counted } from '../progress.js';
import type { SweepCommandsOptions } from '../sweep-options.js';
import type { Terminal } from '../terminal.js';
import { thisProgram } from '../this-program.js';
import { writeNewFile } from './new-file.js';
import { writeKubernetesJob } from './sweep-kubernetes.js';
import { writeSlurmScripts } from './sweep-slurm.js';

/** Writes the commands of a plan's runs to files, whose paths go to stdout, or to stdout. Throws ProbprecError. */
export async function sweepCommands(path: string, options: SweepCommandsOptions, terminal: Terminal): Promise<void> {
  const stated = await readPlan(path, options);
  if (stated.pruning !== undefined) {
    throw new UsageError({
      subject: `${path}: pruning`,
      found: 'a plan that prunes, whose runs are decided on together',
      expected: `sweep run to execute it (in a cluster's job: sweep run --jobs N)`,
    });
  }
  if (options.rerunSeeds !== undefined && options.format !== 'slurm') {
    throw new UsageError({ subject: '--rerun-seeds', what: `goes with --format slurm only, found ${options.format}` });
  }
  const runs = await plannedRuns(stated);
  const synthetic = runs.every(({ configuration }) => configuration.data.source === 'synthetic');
  const plan: Plan = synthetic ? stated : { ...stated, dataDir: resolve(dataDirectory(stated.dataDir)) };
  const program = options.program ?? thisProgram();
  const statuses = await planStatus(plan, runs);
  const wanted = selectRuns(statuses, options.only, '--only').filter((status) => !options.missing || isOpen(status));
  if (wanted.length === 0) {
    terminal.line(`${plan.name}: no run is missing; no file was written`);
    return;
  }
  if (options.format === 'slurm')
    return await writeSlurmScripts(plan, { statuses, wanted }, program, options, terminal);
  if (options.format === 'kubernetes') {
    return await writeKubernetesJob(stated, { statuses, wanted }, options, terminal);
  }
  const { output } = options;
  const selected = wanted.map(({ run }) => run);
  const files: CommandFile[] = output === undefined ? commandFiles(plan, selected) : [{ name: output, runs: selected }];
  for (const file of files) {
    const lines = commandLines(plan, file.runs, program);
    const text =
      options.format === 'parallel'
        ? parallelFile(file.name, lines, plan.resources.jobs ?? 1)
        : `${lines.join('\n')}\n`;
    if (file.name === '-') {
      terminal.result(text.trimEnd());
      continue;
    }
    const executable = options.format === 'parallel';
    const written = await writeNewFile(file.name, text, { overwrite: options.overwrite, what: 'a file', executable });
    terminal.line(`${counted(lines.length, 'command')}${written ? '' : ' (unchanged)'}`);
    terminal.result(file.name);
    if (executable) {
      terminal.line(
        `next: ${shellWord(isAbsolute(file.name) || /^\.{1,2}\//.test(file.name) ? file.name : `./${file.name}`)} starts GNU parallel; repeat it to resume`,
      );
    }
  }
}
