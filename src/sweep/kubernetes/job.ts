import { basename, posix } from 'node:path';
import { ConfigurationError } from '../../errors.js';
import type { Plan } from '../plan.js';
import { shellWord } from '../shell.js';
import { parseTimeLimit } from '../slurm/time-limit.js';
import { ALLOW_USER_CODE, userCodeOf } from '../user-code.js';
import type { KubernetesResources } from './resources.js';

/** Characters of the longest name: Kubernetes makes hosts of it, with the number of the task, that have at most 63. */
const LONGEST_NAME = 50;

/** What the manifest needs to know besides the plan. */
export interface KubernetesOptions {
  /** Numbers of the tasks, ascending: task t has the runs from t · runs_per_task on. */
  readonly tasks: readonly number[];
  /** Runs of the plan. */
  readonly runs: number;
  /** Seconds that a run has to save itself when its pod is ended. */
  readonly graceSeconds: number;
  /** How often a task that failed is started again. */
  readonly maxRestarts: number;
}

/**
 * The Job of a plan: an Indexed Job, of which every completion executes one task (Kubernetes 1.29 or later counts failures by index).
 * Nothing is started twice that is complete, and a pod that is moved resumes its run. Throws ConfigurationError for a plan
 * without `resources.kubernetes`, and for values that no manifest can have.
 */
export function kubernetesJob(plan: Plan, options: KubernetesOptions) {
  const { kubernetes } = plan.resources;
  if (kubernetes === undefined) {
    throw new ConfigurationError({
      subject: `${plan.path}: resources.kubernetes`,
      what: 'missing',
      expected: 'image and volumes: { image: NAME, volumes: [{ claim: NAME, path: /plans }] }',
    });
  }
  const { threads = 1, throttle, time } = plan.resources;
  const scratch = scratchOf(plan);
  const name = jobName(plan.name);
  const labels = { 'app.kubernetes.io/name': 'probprec', 'app.kubernetes.io/instance': name };
  const amounts = { cpu: String(threads), ...memoryOf(plan), ...gpusOf(plan) };
  const seconds = time === undefined ? null : secondsOf(plan, time);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      ...(kubernetes.namespace === undefined ? {} : { namespace: kubernetes.namespace }),
      labels,
    },
    spec: {
      completionMode: 'Indexed',
      completions: options.tasks.length,
      parallelism: Math.min(throttle ?? options.tasks.length, options.tasks.length),
      backoffLimitPerIndex: options.maxRestarts,
      // A pod that the cluster has ended (drained, pre-empted) is no failure of its run.
      podFailurePolicy: {
        rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
      },
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: options.graceSeconds,
          ...(seconds === null ? {} : { activeDeadlineSeconds: seconds }),
          ...(kubernetes.nodeSelector === undefined ? {} : { nodeSelector: kubernetes.nodeSelector }),
          containers: [
            {
              name: 'runs',
              image: kubernetes.image,
              workingDir: folderOf(kubernetes),
              command: ['/bin/sh', '-c', taskScript(plan, kubernetes, options)],
              resources: { requests: amounts, limits: amounts },
              volumeMounts: [
                ...kubernetes.volumes.map(({ path }, index) => ({ name: `volume-${index}`, mountPath: path })),
                ...(scratch === undefined ? [] : [{ name: 'scratch', mountPath: scratch }]),
              ],
            },
          ],
          volumes: [
            ...kubernetes.volumes.map(({ claim }, index) => ({
              name: `volume-${index}`,
              persistentVolumeClaim: { claimName: claim },
            })),
            ...(scratch === undefined ? [] : [{ name: 'scratch', emptyDir: {} }]),
          ],
        },
      },
    },
  };
}

/**
 * What a pod executes, for any POSIX shell. The shell is process 1, for which SIGTERM means nothing without a trap, and a
 * trap runs while the shell waits; so the run is a child that is waited for.
 */
function taskScript(plan: Plan, kubernetes: KubernetesResources, { tasks, runs }: KubernetesOptions): string {
  const { runsPerTask = 1, threads = 1, setup = [], scratch } = plan.resources;
  const isWhole = tasks.every((task, index) => task === index);
  const task = isWhole
    ? ['task=$JOB_COMPLETION_INDEX']
    : [
        '# The tasks with runs that are to be done.',
        `set -- ${tasks.join(' ')}`,
        'shift "$JOB_COMPLETION_INDEX"',
        'task=$1',
      ];
  const userCode = userCodeOf(plan).length > 0 ? ` ${ALLOW_USER_CODE}` : '';
  const file = posix.join(folderOf(kubernetes), basename(plan.path));
  return [
    ...setup,
    'set -u',
    ...task,
    `index=$((task * ${runsPerTask}))`,
    `last=$((index + ${runsPerTask - 1}))`,
    `if [ "$last" -ge ${runs} ]; then last=${runs - 1}; fi`,
    `export OMP_NUM_THREADS=${threads} OPENBLAS_NUM_THREADS=${threads} MKL_NUM_THREADS=${threads}`,
    ...(scratch === undefined ? [] : [`export PROBPREC_SCRATCH=${shellWord(scratch)}`]),
    'child= told= stopped= failed=0',
    '# Once for each run, since a second signal would not let it save itself.',
    'hand_on() {',
    '  if [ -z "$stopped" ] || [ "$told" = "$child" ]; then return; fi',
    '  told=$child',
    '  kill -TERM "$child"',
    '}',
    `trap 'stopped=1; hand_on' TERM`,
    'while [ "$index" -le "$last" ] && [ -z "$stopped" ]; do',
    `  ${kubernetes.program} sweep run ${shellWord(file)} --index "$index" --threads ${threads}${userCode} &`,
    '  child=$!',
    '  # A signal that came before the run had a number.',
    '  hand_on',
    '  # A signal ends the wait, not the run.',
    '  while :; do wait "$child"; code=$?; kill -0 "$child" 2>/dev/null || break; done',
    '  child= told=',
    '  echo "run $index: exit code $code"',
    '  if [ "$code" -ne 0 ]; then failed=1; fi',
    '  index=$((index + 1))',
    'done',
    'if [ "$index" -le "$last" ]; then failed=1; fi',
    'exit "$failed"',
    '',
  ].join('\n');
}

/** Where the plan's folder is in the container. */
function folderOf({ folder, volumes }: KubernetesResources): string {
  return folder ?? volumes[0]?.path ?? '/';
}

/** A name that Kubernetes takes: small letters, digits and dashes. */
function jobName(plan: string): string {
  const name = plan
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST_NAME)
    .replaceAll(/^-+|-+$/g, '');
  return /^[a-z]/.test(name) ? name : `plan-${name}`.replace(/-$/, '');
}

/** Slurm's amounts of memory count in powers of 1024 and in megabytes without a unit. */
function memoryOf({ path, resources: { mem } }: Plan): { readonly memory?: string } {
  if (mem === undefined) return {};
  const [, number, unit] = /^(\d+)([KMGT]?)$/i.exec(mem) ?? [];
  if (number === undefined) {
    throw new ConfigurationError({
      subject: `${path}: resources.mem`,
      found: JSON.stringify(mem),
      expected: 'for instance 4G',
    });
  }
  return { memory: `${number}${(unit || 'M').toUpperCase()}i` };
}

function gpusOf({ path, resources: { gpus } }: Plan): { readonly 'nvidia.com/gpu'?: string } {
  if (gpus === undefined) return {};
  if (!/^[1-9]\d*$/.test(gpus)) {
    throw new ConfigurationError({
      subject: `${path}: resources.gpus`,
      found: JSON.stringify(gpus),
      expected: 'a number for Kubernetes',
      remedy: 'resources.kubernetes.node_selector chooses the kind',
    });
  }
  return { 'nvidia.com/gpu': gpus };
}

function secondsOf({ path }: Plan, time: string): number | null {
  const seconds = parseTimeLimit(time);
  if (seconds === null) {
    throw new ConfigurationError({
      subject: `${path}: resources.time`,
      found: JSON.stringify(time),
      expected: 'minutes, hours:minutes:seconds or days-hours:minutes:seconds',
    });
  }
  return Number.isFinite(seconds) ? seconds : null;
}

/** Where a pod has an empty volume on its node's disk, for copies of the data sets. */
function scratchOf({ path, resources: { scratch } }: Plan): string | undefined {
  if (scratch === undefined || !scratch.includes('$')) return scratch;
  throw new ConfigurationError({
    subject: `${path}: resources.scratch`,
    found: scratch,
    expected: 'a path without variables for Kubernetes, for instance /scratch: the pods get an empty volume there',
  });
}
