import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine, Value } from '../engine/index.js';
import { FileError } from '../errors.js';
import { present } from '../expect.js';
import type { Training } from '../optimizer/index.js';
import { readRegularFile } from '../regular-file.js';
import { reasonOf } from '../results/atomic-file.js';
import { hashConfiguration, type RunConfiguration, suiteVersion, writeFileAtomic } from '../results/index.js';
import { inputNames, type TestProblem } from '../testproblem/index.js';
import { DamagedContent } from './checkpoint-format.js';
import { keptEpochOf, placeBeside, runPlace } from './place.js';
import { decodeSafetensors, encodeSafetensors, type NamedTensors } from './safetensors.js';

/** When a run keeps its parameters: after each epoch, or after the last one. */
export type KeepParameters = 'epochs' | 'end';

/** Parameters of a run as they were after an epoch, on disk. */
export interface KeptParameters {
  readonly epoch: number;
  readonly path: string;
}

/** Bytes of such a file, up to its header. */
export function keptParametersBytes({ parameterCount }: TestProblem): number {
  return 4 * parameterCount;
}

/**
 * Writes parameters by their names, and the network's states as `modelState/NAME`, atomically. Returns the path and its size
 * in bytes. Throws OutputError.
 */
export async function keepParameters(
  engine: Engine,
  { parameters, modelStates = {} }: Pick<Training, 'parameters' | 'modelStates'>,
  {
    outputDir,
    configuration,
    problem,
    epoch,
  }: {
    readonly outputDir: string;
    readonly configuration: RunConfiguration;
    readonly problem: TestProblem;
    readonly epoch: number;
  },
): Promise<{ readonly path: string; readonly bytes: number }> {
  const values: [string, Value | undefined][] = [
    ...problem.parameters.map(({ name }, index): [string, Value | undefined] => [name, parameters[index]]),
    ...Object.entries(modelStates),
  ];
  const tensors: Record<string, NamedTensors['tensors'][string]> = {};
  for (const [name, found] of values) {
    const value = present(found, `the value of ${name}`);
    tensors[name] = { shape: value.shape, data: Float32Array.from(await engine.download(value)) };
  }
  const metadata = {
    format: 'pt',
    probprec_version: suiteVersion(),
    testproblem: problem.name,
    configuration_hash: hashConfiguration(configuration),
    epoch: String(epoch),
  };
  const bytes = encodeSafetensors({ metadata, tensors });
  const path = runPlace(outputDir, configuration).keptParameters(epoch);
  await writeFileAtomic(path, bytes);
  return { path, bytes: bytes.length };
}

/** The parameters that were kept of a run file's run, in the order of their epochs. */
export async function findKeptParameters(
  runFile: string,
  { seed, hash }: { readonly seed: number; readonly hash: string },
): Promise<KeptParameters[]> {
  const place = placeBeside(runFile, { seed, hash });
  const names = await readdir(place.folder).catch(() => []);
  return names
    .flatMap((name) => {
      const epoch = keptEpochOf(place, name);
      return epoch === null ? [] : [{ epoch, path: join(place.folder, name) }];
    })
    .sort((a, b) => a.epoch - b.epoch);
}

/** What a run that has ended should have kept and has not, in one line; null where nothing is missing. */
export async function missingParameters(
  runFile: string,
  {
    when,
    hash,
    seed,
    numEpochs,
    trained,
  }: {
    readonly when: KeepParameters;
    readonly hash: string;
    readonly seed: number;
    readonly numEpochs: number;
    /** Epochs that were trained completely. */
    readonly trained: number;
  },
): Promise<string | null> {
  const kept = new Set((await findKeptParameters(runFile, { seed, hash })).map(({ epoch }) => epoch));
  const first = when === 'end' ? numEpochs : 1;
  const wanted = Array.from({ length: Math.max(0, trained - first + 1) }, (_, index) => first + index);
  const missing = wanted.filter((epoch) => !kept.has(epoch));
  const [epoch] = missing;
  if (epoch === undefined) return null;
  const what = missing.length === 1 ? `of epoch ${epoch}` : `of ${missing.length} epochs (the first is ${epoch})`;
  return `${runFile}: the parameters ${what} are not kept, and the run has ended; trained again (overwrite) it keeps them`;
}

/** Parameters and states of a file on an engine. Throws FileError for what is damaged or of another run or problem. */
export async function loadKeptParameters(
  { path, epoch }: KeptParameters,
  { engine, problem, hash }: { readonly engine: Engine; readonly problem: TestProblem; readonly hash: string },
): Promise<{ readonly parameters: readonly Value[]; readonly states: Readonly<Record<string, Value>> }> {
  const { metadata, tensors } = await read(path);
  const expected = { configuration_hash: hash, epoch: String(epoch), testproblem: problem.name };
  for (const [name, value] of Object.entries(expected)) {
    if (metadata[name] !== value) {
      throw new FileError({
        subject: path,
        found: `${name} ${metadata[name] ?? 'nowhere'}`,
        expected: `${value}: of another run`,
      });
    }
  }
  const parameters = problem.parameters.map(({ name, shape }) => {
    const tensor = tensors[name];
    if (tensor === undefined || String(tensor.shape) !== String(shape)) {
      throw new FileError({
        subject: path,
        what: `${tensor === undefined ? `${name} is missing` : `found [${tensor.shape}] for ${name}`}`,
        expected: `[${shape}]`,
      });
    }
    return engine.upload(tensor.data, shape);
  });
  const states = Object.entries(tensors)
    .filter(([name]) => name.startsWith(inputNames.state('')))
    .map(([name, { shape, data }]) => [name, engine.upload(data, shape)] as const);
  return { parameters, states: Object.fromEntries(states) };
}

/** Bytes that an array of this program may have. */
const LONGEST = 2 ** 31 - 1;

async function read(path: string): Promise<NamedTensors> {
  try {
    return decodeSafetensors((await readRegularFile(path, { most: LONGEST })).content);
  } catch (error) {
    const fault =
      error instanceof DamagedContent
        ? `damaged: ${error.message}`
        : `cannot be read: ${String(reasonOf(error as Error))}`;
    throw new FileError({ subject: path, what: fault }, { cause: error });
  }
}
