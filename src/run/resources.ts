import { statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { ConfigurationError, OutputError } from '../errors.js';
import { observationColumns } from '../optimizer/index.js';
import { gradients, intermediateBytes, program, type Shape, sizeOf } from '../tensor/index.js';
import { option, say, setting, switchedOff, type Words } from '../words.js';
import type { ResolvedRun } from './configuration.js';
import { evaluationBatchSize, evaluationBytes } from './evaluation.js';

/** Bytes of a number in an engine. */
const FLOAT = 4;
/** What a process with an engine has before it trains anything, measured at 130 to 180 MB. */
const PROCESS = 120e6;
/**
 * What engines need of a network's intermediate values beside them, for other layouts and for copies: ONNX Runtime took 1.7 to
 * 2.6 times as much in training steps of 3c3d, All-CNN-C and a wide residual network.
 */
const WORKING_COPIES = 1.5;
/** What a number takes in a run file or journal, with its comma and line. */
const WRITTEN_NUMBER = 24;

/** Bytes that a run needs at least, by what they are for. */
export interface MemoryNeed {
  /** Before and after a step, as the optimizer's vectors. */
  readonly parameters: number;
  readonly vectors: number;
  /** Of the preconditioner, each a step and its product with the Hessian. */
  readonly observations: number;
  /** The gradient, and the values of a minibatch before it that are needed at one time; or those of an evaluation. */
  readonly minibatch: number;
  /** The copy of everything that becomes a checkpoint; 0 where there is none. */
  readonly saving: number;
}

/** What training takes at least. Engines need more; a run that needs this much and has less cannot work. */
export function memoryNeed(resolved: ResolvedRun): MemoryNeed {
  const { configuration, testProblem } = resolved;
  const { batchSize, protocol, l2Reg } = configuration;
  const { parameters, observations, checkpoint } = trainedBytes(resolved);
  const symbolic = testProblem.build(batchSize, { l2Reg: l2Reg ?? 0 });
  const gradient = gradients(symbolic.loss, symbolic.parameters).map((tensor, index) => [`${index}`, tensor]);
  const step = intermediateBytes(program({ ...Object.fromEntries(gradient), loss: symbolic.loss }));
  const evaluation = evaluationBytes(testProblem, evaluationBatchSize(testProblem, { protocol, batchSize }));
  return {
    parameters: 2 * parameters,
    vectors: 2 * (checkpoint - parameters - observations),
    observations,
    minibatch: Math.max(parameters + Math.ceil(WORKING_COPIES * step), Math.ceil(WORKING_COPIES * evaluation)),
    saving: configuration.numEpochs > 1 ? checkpoint : 0,
  };
}

/** What is trained, and what a checkpoint has of it and of what the optimizer keeps, without building the network. */
function trainedBytes({ configuration, testProblem, optimizer }: ResolvedRun) {
  const parameters = bytesOf(testProblem.parameters);
  const observations = 2 * (observationColumns(configuration.optimizer.hyperparameters) ?? 0) * parameters;
  // The profile of the family counts its observations.
  const vectors = observations > 0 ? 0 : (optimizer.profile?.memory ?? 0);
  return { parameters, observations, checkpoint: (1 + vectors) * parameters + observations };
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
  return totalOf(memoryNeed(resolved));
}

function totalOf({ parameters, vectors, observations, minibatch, saving }: MemoryNeed): number {
  return PROCESS + parameters + vectors + observations + Math.max(minibatch, saving);
}

/** Throws ConfigurationError for a run that cannot have the memory that it needs at least. */
export function checkMemory(resolved: ResolvedRun, { bytes, whose } = memoryLimit()): void {
  const need = memoryNeed(resolved);
  if (totalOf(need) <= bytes) return;
  const { parameters, vectors, observations, minibatch, saving } = need;
  const parts = [
    `parameters before and after a step ${inWords(parameters)}`,
    ...(vectors > 0 ? [`the optimizer's vectors ${inWords(vectors)}`] : []),
    ...(observations > 0 ? [`observations ${inWords(observations)}`] : []),
    minibatch >= saving ? `a minibatch and its gradient ${inWords(minibatch)}` : `a checkpoint ${inWords(saving)}`,
  ];
  throw new ConfigurationError({
    subject: 'memory',
    found: `${inWords(bytes)}, ${whose}`,
    expected: `at least ${inWords(totalOf(need))} for this run (${parts.join(', ')})`,
    remedy: say`${lessOf(need)}${switchedOff('resource_check', 'checkResources')} runs anyway`,
  });
}

/** What needs less, where something does. */
function lessOf({ parameters, observations, minibatch, saving }: MemoryNeed): Words {
  if (observations > minibatch) return say`a smaller ${setting('num_observations')} needs less, `;
  return minibatch > Math.max(saving, parameters) ? say`a smaller ${option('batch_size')} needs less, ` : '';
}

/** Bytes that a run writes at most at one time: its run file, the journal, and a checkpoint beside the one that it replaces. */
export function diskNeed(resolved: ResolvedRun, stepsPerEpoch: number): number {
  const { numEpochs, trainLogInterval } = resolved.configuration;
  const numbers = numEpochs * (12 + Math.ceil(stepsPerEpoch / trainLogInterval));
  const checkpoint = numEpochs > 1 ? trainedBytes(resolved).checkpoint : 0;
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
