import { statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { ConfigurationError, OutputError } from '../errors.js';
import { nodesOf, type Shape, sizeOf } from '../tensor/index.js';
import { option, say, setting, switchedOff } from '../words.js';
import type { ResolvedRun } from './configuration.js';

/** Bytes of a number in an engine. */
const FLOAT = 4;
/** What a process with an engine has before it trains anything, measured at 130 to 180 MB. */
const PROCESS = 120e6;
/** Operations whose results are kept for the derivative, whatever an engine makes of the rest. */
const KEPT = new Set(['conv2d', 'matmul']);
/** What a number takes in a run file or journal, with its comma and line. */
const WRITTEN_NUMBER = 24;

/** Bytes that a run needs at least, by what they are for. */
export interface MemoryNeed {
  readonly parameters: number;
  /** Gradient, step and the optimizer's vectors. */
  readonly vectors: number;
  /** Of the preconditioner, each a step and its product with the Hessian. */
  readonly observations: number;
  readonly minibatch: number;
}

/**
 * What training takes at least: parameters and their gradient, the observations of a preconditioner, and what the network's
 * products and convolutions of a minibatch leave for the derivative. Engines need more; a run that needs this much and has less
 * cannot work.
 */
export function memoryNeed(resolved: ResolvedRun): MemoryNeed {
  const { configuration, testProblem } = resolved;
  const { loss } = testProblem.build(configuration.batchSize, { l2Reg: configuration.l2Reg ?? 0 });
  return {
    ...trainedNeed(resolved),
    minibatch: bytesOf(nodesOf([loss]).filter(({ operation }) => KEPT.has(operation.name))),
  };
}

/** What is trained and what the optimizer keeps of it, without building the network. */
function trainedNeed({ configuration, testProblem }: ResolvedRun): Omit<MemoryNeed, 'minibatch'> {
  const own = bytesOf(testProblem.parameters);
  const { num_observations: observations } = configuration.optimizer.hyperparameters;
  return {
    parameters: own,
    vectors: 2 * own,
    observations: typeof observations === 'number' ? 2 * observations * own : 0,
  };
}

function bytesOf(shapes: readonly { readonly shape: Shape }[]): number {
  return shapes.reduce((sum, { shape }) => sum + FLOAT * sizeOf(shape), 0);
}

/** Bytes that this process may have: the machine's, or the limit of its control group (a container, a Slurm job). */
export function memoryLimit(): { readonly bytes: number; readonly whose: string } {
  const machine = totalmem();
  const limit = process.constrainedMemory();
  return limit !== undefined && limit > 0 && limit < machine
    ? { bytes: limit, whose: 'the limit of this process (a container or job)' }
    : { bytes: machine, whose: 'the memory of this machine' };
}

/** Bytes that the process of a run needs at least. */
export function leastMemory(resolved: ResolvedRun): number {
  const { parameters, vectors, observations, minibatch } = memoryNeed(resolved);
  return PROCESS + parameters + vectors + observations + minibatch;
}

/** Throws ConfigurationError for a run that cannot have the memory that it needs at least. */
export function checkMemory(resolved: ResolvedRun, { bytes, whose } = memoryLimit()): void {
  const { parameters, vectors, observations, minibatch } = memoryNeed(resolved);
  const needed = PROCESS + parameters + vectors + observations + minibatch;
  if (needed <= bytes) return;
  const parts = [
    `parameters and gradients ${inWords(parameters + vectors)}`,
    ...(observations > 0 ? [`observations ${inWords(observations)}`] : []),
    `a minibatch ${inWords(minibatch)}`,
  ];
  const less = observations > minibatch ? setting('num_observations') : option('batch_size');
  throw new ConfigurationError({
    subject: 'memory',
    found: `${inWords(bytes)}, ${whose}`,
    expected: `at least ${inWords(needed)} for this run (${parts.join(', ')})`,
    remedy: say`a smaller ${less} needs less, ${switchedOff('resource_check', 'checkResources')} runs anyway`,
  });
}

/** Bytes that a run writes at most at one time: its run file, the journal, and a checkpoint beside the one that it replaces. */
export function diskNeed(resolved: ResolvedRun, stepsPerEpoch: number): number {
  const { numEpochs, trainLogInterval } = resolved.configuration;
  const { parameters, vectors, observations } = trainedNeed(resolved);
  const numbers = numEpochs * (12 + Math.ceil(stepsPerEpoch / trainLogInterval));
  const checkpoint = numEpochs > 1 ? parameters + vectors / 2 + observations : 0;
  return 2 * (checkpoint + WRITTEN_NUMBER * numbers) + 100_000;
}

/** Throws OutputError where the file system of a folder, which exists, has no room for the files of a run. */
export async function checkDisk(
  folder: string,
  needed: number,
  free: (folder: string) => Promise<number | null> = freeBytes,
): Promise<void> {
  const found = await free(folder);
  if (found === null || found >= needed) return;
  throw new OutputError(
    {
      subject: folder,
      found: `${inWords(found)} of free disk space`,
      expected: `at least ${inWords(needed)} for the checkpoints and the run file of this run`,
      remedy: say`make room, give another ${option('output_dir')}, or run anyway with ${switchedOff('resource_check', 'checkResources')}`,
    },
    { exitCode: 1 },
  );
}

/** Free bytes for this user; null where the system does not say. */
async function freeBytes(folder: string): Promise<number | null> {
  return statfs(folder).then(
    // Some network file systems state no size at all.
    ({ blocks, bavail, bsize }) => (blocks > 0 ? bavail * bsize : null),
    () => null,
  );
}

/** Bytes for people. */
export function inWords(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
