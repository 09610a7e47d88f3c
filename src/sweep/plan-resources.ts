import { z } from 'zod';
import { type KubernetesResources, kubernetesSchema } from './kubernetes/resources.js';

/** Slurm's times and amounts of memory, which YAML may take for numbers. */
const text = z.union([z.string(), z.number()], 'a text').transform(String);

/** A path that a shell may read between double quotes: variables stand for values, and nothing of it is executed. */
const SCRATCH = /^(?:\/|\$[A-Za-z_]|\$\{[A-Za-z_]\w*\})(?:[\w@%+=:,./ -]|\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*\})*$/;

/** `resources:` of a plan file: what a run may use, here and on a cluster. Nothing of it changes the runs themselves. */
export const resourcesSchema = z
  .strictObject({
    jobs: z.int().min(1).optional(),
    threads: z.int().min(1).optional(),
    time: text.optional(),
    mem: text.optional(),
    partition: z.string().optional(),
    throttle: z.int().min(1).optional(),
    runs_per_task: z.int().min(1).optional(),
    directives: z.array(z.string()).optional(),
    gpus: text.optional(),
    setup: z
      .union([z.string(), z.array(z.string())], 'a command of the shell, or a list of them')
      .transform((stated) => (Array.isArray(stated) ? stated : stated.trimEnd().split('\n')))
      .optional(),
    scratch: z
      .string()
      .regex(SCRATCH, 'a folder on the node: an absolute path, which may have variables such as $TMPDIR')
      .optional(),
    kubernetes: kubernetesSchema.optional(),
  })
  .transform(({ runs_per_task: runsPerTask, ...rest }) => ({ ...rest, runsPerTask }));

/** Resources of a plan; what is absent was not stated. */
export interface PlanResources {
  /** Runs at the same time on one machine. */
  readonly jobs?: number | undefined;
  /** Threads of each run; changes the speed, not a run's identity. */
  readonly threads?: number | undefined;
  /** Slurm's --time for a task, in any of Slurm's forms. */
  readonly time?: string | undefined;
  readonly mem?: string | undefined;
  readonly partition?: string | undefined;
  /** Slurm tasks at the same time. */
  readonly throttle?: number | undefined;
  readonly runsPerTask?: number | undefined;
  /** Further #SBATCH options, each with its dashes. */
  readonly directives?: readonly string[] | undefined;
  /** GPUs of a Slurm task: `1`, or a type and a number, `a100:1`. */
  readonly gpus?: string | undefined;
  /** Lines of the shell that a Slurm task executes before its runs: `module load cuda`, `export NAME=value`. */
  readonly setup?: readonly string[] | undefined;
  /** A folder on the node's own disk for copies of the data sets; for Slurm with variables: `$TMPDIR`. */
  readonly scratch?: string | undefined;
  readonly kubernetes?: KubernetesResources | undefined;
}
