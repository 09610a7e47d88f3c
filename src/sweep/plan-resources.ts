import { posix } from 'node:path';
import { z } from 'zod';

/** Slurm's times and amounts of memory, which YAML may take for numbers. */
const text = z.union([z.string(), z.number()], 'a text').transform(String);

/** A path that a shell may read between double quotes: variables stand for values, and nothing of it is executed. */
const SCRATCH = /^(?:\/|\$[A-Za-z_]|\$\{[A-Za-z_]\w*\})(?:[\w@%+=:,./ -]|\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*\})*$/;

/** What Kubernetes takes for names of namespaces and claims (RFC 1123: a label, and labels with dots between). */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
/** Names and values of labels; a name may have a subdomain before it. */
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?$/;

function isLabelName(name: string): boolean {
  const parts = name.split('/');
  const own = parts.at(-1) ?? '';
  return (
    own !== '' &&
    LABEL_VALUE.test(own) &&
    (parts.length === 1 || (parts.length === 2 && SUBDOMAIN.test(name.slice(0, -own.length - 1))))
  );
}

/** Where a volume may be in a container: colons have a meaning of their own, and the root is the image's. */
const mountPath = z
  .string()
  .regex(/^(?!\/+$)\/(?!(?:.*\/)?\.\.(?:\/|$))[^:\p{Cc}]+$/u, 'a path from the root, without ":" and ".."');

const kubernetesSchema = z
  .strictObject({
    image: z.string().regex(/^[\w.:/@+-]+$/, 'the name of an image, as registry.example/probprec:1'),
    namespace: z.string().regex(LABEL, 'at most 63 small letters, digits and "-"').optional(),
    volumes: z
      .array(
        z.strictObject({
          claim: z.string().regex(SUBDOMAIN, 'small letters, digits, "-" and "."'),
          path: mountPath,
        }),
      )
      .min(1)
      .refine((volumes) => new Set(volumes.map(({ path }) => posix.join(path, '/'))).size === volumes.length, {
        error: 'a path of its own for each volume',
      }),
    folder: mountPath.optional(),
    program: z.string().min(1).default('probprec'),
    node_selector: z
      .record(
        z.string().refine(isLabelName, 'names of labels'),
        z.string().regex(LABEL_VALUE, 'at most 63 letters, digits, "-", "_" and "."'),
      )
      .optional(),
  })
  .transform(({ node_selector: nodeSelector, ...rest }) => ({ ...rest, nodeSelector }));

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

/** What only a Job of Kubernetes needs to know. */
export interface KubernetesResources {
  /** The container image, which has `program`. */
  readonly image: string;
  readonly namespace?: string | undefined;
  /** Claims of persistent volumes, and where they are in the container. */
  readonly volumes: readonly { readonly claim: string; readonly path: string }[];
  /** The folder of the plan in the container; by default the first volume. */
  readonly folder?: string | undefined;
  /** What starts our command in the container, as words of a shell. */
  readonly program: string;
  readonly nodeSelector?: Readonly<Record<string, string>> | undefined;
}
