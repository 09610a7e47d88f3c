import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileError } from '../../src/errors.js';
import { type RandomStream, randomStream } from '../../src/random/index.js';
import { canonicalJson, type JsonValue, sha256Hex } from '../../src/results/canonical-json.js';
import {
  findResultFiles,
  parseResultFile,
  type RunParts,
  readResults,
  readRunFile,
  validateResultFile,
  writeRunFile,
} from '../../src/results/index.js';
import { migrate } from '../../src/results/migrate.js';
import { deepobsContent, place, put } from './deepobs/trees.js';
import { exampleConfiguration, exampleParts, exampleRunFile } from './example.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-validate-'));
});
afterEach(() => rm(folder, { recursive: true }));

const sizes = { train: 25 * 128, valid: 100, trainEval: 100, test: 100 };

/** The faults of a run file with these parts, without the path at their start. */
async function faultsOf(changes: Partial<RunParts>): Promise<string[]> {
  const path = join(folder, 'run.json');
  await writeRunFile(path, exampleRunFile({ datasetSizes: sizes, ...changes }));
  const { faults } = await validateResultFile(path);
  return faults.map((fault) => fault.slice(path.length + 2));
}

const diverged: Partial<RunParts> = {
  status: { state: 'diverged', epoch: 1, step: 20, reason: 'the loss is NaN' },
  losses: { train: [2, 1], valid: [2, 1], test: [2, 1] },
  accuracies: null,
  minibatchTrainLosses: [1, 2, 3, 4, 5, Number.NaN],
  timing: {
    trainingWallSeconds: [1],
    trainingCpuSeconds: [1],
    evaluationWallSeconds: [1, 1],
    evaluationCpuSeconds: [1, 1],
  },
};

/** The first epoch was trained to its end, and the test loss after it is infinite. */
const atEvaluation: Partial<RunParts> = {
  ...diverged,
  status: { state: 'diverged', epoch: 1, step: null, reason: 'the test loss after epoch 1 is Infinity' },
  losses: { train: [2, 1], valid: [2, 1], test: [2, Number.POSITIVE_INFINITY] },
  minibatchTrainLosses: [1, 2, 3],
};

describe('a valid file', () => {
  test('may have diverged at an evaluation, also at the one before training', async () => {
    expect(await faultsOf(atEvaluation)).toEqual([]);
    const none = {
      trainingWallSeconds: [],
      trainingCpuSeconds: [],
      evaluationWallSeconds: [1],
      evaluationCpuSeconds: [1],
    };
    expect(
      await faultsOf({
        ...atEvaluation,
        status: { state: 'diverged', epoch: 0, step: null, reason: 'the train loss after epoch 0 is NaN' },
        losses: { train: [Number.NaN], valid: [2], test: [2] },
        minibatchTrainLosses: [],
        optimizerLog: [],
        timing: none,
      }),
    ).toEqual([]);
  });

  test('has no faults, completed or diverged', async () => {
    expect(await faultsOf({})).toEqual([]);
    expect(await faultsOf(diverged)).toEqual([]);
    expect(
      await faultsOf({
        ...diverged,
        status: { state: 'diverged', epoch: 1, step: 9, reason: 'NaN' },
        minibatchTrainLosses: [1, 2, 3, 4],
      }),
    ).toEqual([]);
  });
});

describe('statements that contradict each other', () => {
  test.each<[string, Partial<RunParts>, string]>([
    [
      'steps',
      { datasetSizes: { ...sizes, train: 1280 } },
      'field steps_per_epoch: found 25, expected 10 (1280 images in batches of 128)',
    ],
    [
      'times',
      { finishedAt: new Date(0) },
      'field finished_at: found 1970-01-01T00:00:00.000Z, expected a time after started_at, 2026-11-22T10:00:00.000Z',
    ],
    [
      'data',
      { configuration: exampleConfiguration({ data: { source: 'synthetic', syntheticSize: null } }) },
      'field dataset.source: found real, expected synthetic (configuration.data)',
    ],
    [
      'engines',
      { configuration: exampleConfiguration({ engine: { name: 'tfjs-cpu', device: 'cpu' } }) },
      'field environment.engine.name: found onnxruntime, expected tfjs-cpu (configuration.engine)',
    ],
    [
      'devices',
      { configuration: exampleConfiguration({ engine: { name: 'onnxruntime', device: 'webgpu' } }) },
      'field environment.engine.device: found cpu, expected webgpu (configuration.engine)',
    ],
    [
      'a log that is too long',
      { optimizerLog: [{}, {}, {}, {}] },
      'field optimizer_log: found 4, expected at most 3 (one entry for each of 2 epochs)',
    ],
    [
      'epochs that go back',
      {
        resumed: [
          { epoch: 2, at: '2026-11-22T10:00:00.000Z' },
          { epoch: 1, at: '2026-11-22T10:00:00.000Z' },
        ],
      },
      'field resumed.1.epoch: found 1, expected at least 2 (monotone)',
    ],
    [
      'a completed run with a loss that is not finite',
      { minibatchTrainLosses: [1, 2, 3, 4, 5, Number.NaN] },
      'field minibatch_train_losses.5: found null, expected a number (the run is completed)',
    ],
    [
      'a diverged run without a step whose minibatch loss was not finite',
      { ...diverged, status: { state: 'diverged', epoch: 1, step: null, reason: 'x' } },
      'field minibatch_train_losses.5: found null, expected a number (the run diverged at an evaluation)',
    ],
    [
      'a diverged run without a step that went on',
      { ...atEvaluation, minibatchTrainLosses: [1, 2, 3, 4] },
      'field minibatch_train_losses: found 4 entries, expected 3 (diverged at the evaluation after epoch 1)',
    ],
    [
      'a diverged run without anything that was not finite',
      { ...atEvaluation, losses: { train: [2, 3], valid: [2, 3], test: [2, 3] } },
      'field status.step: found null, expected the step whose loss was not finite (the last evaluation is finite)',
    ],
    [
      'a diverged run that went on',
      { ...diverged, status: { state: 'diverged', epoch: 1, step: 10, reason: 'x' } },
      'field minibatch_train_losses: found 6 entries, expected 5 (diverged at that step)',
    ],
    [
      'a diverged run whose loss is finite',
      { ...diverged, minibatchTrainLosses: [1, 2, 3, 4, 5, 6] },
      'field minibatch_train_losses: found the first null at -1, expected it at 5',
    ],
  ])('%s', async (_, changes, fault) => expect(await faultsOf(changes)).toEqual([fault]));
});

describe('values that no run has measured', () => {
  test.each<[string, Partial<RunParts>, string]>([
    [
      'an accuracy above 1',
      { accuracies: { train: [0.5, 0.5, 0.5], valid: [0.5, 0.5, 7], test: [0.5, 0.5, 0.5] } },
      'field valid_accuracies.2: found 7, expected a fraction from 0 to 1',
    ],
    [
      'an accuracy below 0',
      { accuracies: { train: [-1, 0.5, 0.5], valid: [0.5, 0.5, 0.5], test: [0.5, 0.5, 0.5] } },
      'field train_accuracies.0: found -1, expected a fraction from 0 to 1',
    ],
    [
      'a loss that is not finite in a completed run',
      { losses: { train: [2, 1, 1], valid: [2, 1, 1], test: [2, Number.NaN, 1] } },
      'field test_losses.1: found null, expected a number (the run is completed)',
    ],
  ])('%s', async (_, changes, fault) => expect(await faultsOf(changes)).toEqual([fault]));

  test('a mean of float32 numbers may exceed 1 by rounding', async () => {
    const list = [0.5, 0.5, 1.0000001];
    expect(await faultsOf({ accuracies: { train: list, valid: list, test: list } })).toEqual([]);
  });

  test('in files of DeepOBS, too', async () => {
    const path = await put(folder, place('fmnist_2c2d', 'SGD'), deepobsContent({ test_accuracies: [0.5, 0.5, 84.5] }));
    expect((await validateResultFile(path)).faults).toEqual([
      `${path}: field test_accuracies.2: found 84.5, expected a fraction from 0 to 1`,
    ]);
  });
});

/** Infinity among the hyperparameters of one of our own runs: never the same as null. */
test('a hyperparameter that is not finite survives in a run file', async () => {
  const { optimizer } = exampleConfiguration();
  const file = (max_norm: number | null) =>
    exampleRunFile({
      configuration: exampleConfiguration({ optimizer: { ...optimizer, hyperparameters: { max_norm } } }),
    });
  const path = await writeRunFile(join(folder, 'random_seed__42__x.json'), file(Number.POSITIVE_INFINITY));
  expect(await readRunFile(path)).toMatchObject({ optimizer_hyperparams: { max_norm: { float: 'inf' } } });
  expect((await readResults([path])).runs[0]?.hyperparameters).toEqual({ max_norm: Number.POSITIVE_INFINITY });
  expect(file(Number.POSITIVE_INFINITY).configuration_hash).not.toBe(file(null).configuration_hash);
});

test('folders are searched for runs; a path that does not exist is an error', async () => {
  await writeFile(join(folder, 'random_seed__2__x.json'), '{}');
  await writeFile(join(folder, 'random_seed__1__x.json'), '{}');
  await writeFile(join(folder, 'tuning_log.json'), '{}');
  expect(await findResultFiles([folder])).toEqual([1, 2].map((seed) => join(folder, `random_seed__${seed}__x.json`)));
  await expect(findResultFiles([join(folder, 'none')])).rejects.toThrow('none: no such file or folder; expected');
});

/** The versions are imagined here, and a key that one of them renames. */
describe('older versions', () => {
  const options = {
    current: 4,
    migrations: {
      2: ({ suite_version, ...rest }: Record<string, JsonValue>) => ({
        ...rest,
        package_version: suite_version ?? null,
        schema_version: 3,
      }),
      3: (content: Record<string, JsonValue>) => ({ ...content, schema_version: 4 }),
    },
  };

  test('are brought up step by step, with a new digest', () => {
    const old = exampleRunFile();
    const { content_digest, ...rest } = migrate('run.json', old, options) as Record<string, JsonValue>;
    expect(rest).toMatchObject({ schema_version: 4, package_version: old.suite_version, testproblem: 'mnist_logreg' });
    expect(rest).not.toHaveProperty('suite_version');
    expect(content_digest).toBe(sha256Hex(canonicalJson(rest)));
  });

  test('that were changed, and newer ones, are refused', () => {
    const refuse = (content: object) => () => migrate('run.json', content, options);
    expect(refuse({ ...exampleRunFile(), batch_size: 1 })).toThrow('run.json: field content_digest: found');
    expect(refuse({ ...exampleRunFile(), schema_version: 5 })).toThrow('field schema_version: found 5, expected 4');
    expect(refuse({ ...exampleRunFile(), schema_version: 0 })).toThrow('field schema_version: found 0, expected 4');
    expect(migrate('run.json', [1], options)).toEqual([1]);
  });
});

/** 200 files, damaged by a fixed random stream: 50 of each kind. */
describe('damaged files', () => {
  const original = JSON.stringify(exampleRunFile(exampleParts({ datasetSizes: sizes })), null, 1);
  const damages: Record<string, (random: RandomStream) => string> = {
    'a byte flipped': (random) => {
      const bytes = Buffer.from(original);
      const at = random.integer(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(8));
      return bytes.toString('utf8');
    },
    'cut short': (random) => original.slice(0, random.integer(original.length)),
    'a field removed': (random) => changed(random, (parent, key) => remove(parent, key)),
    'a type changed': (random) =>
      changed(random, (parent, key) => Object.assign(parent, { [key]: otherType(parent[key]) })),
  };

  test.each(Object.keys(damages))('%s: refused with one line that names the file', async (kind) => {
    for (let index = 0; index < 50; index++) {
      const text = damages[kind]?.(randomStream(5, kind, index)) ?? '';
      const error = refusal(`${folder}/run.json`, text);
      if (error === null) {
        // White space for white space, or E for e in a number: the content is what it was.
        expect(JSON.parse(text), `${kind} ${index}`).toEqual(JSON.parse(original));
        continue;
      }
      expect(error, `${kind} ${index}`).toMatch(
        /^[^\n]*run\.json: (?:field \S+( file\))?: (?:found|missing).*expected |not valid JSON)[^\n]*$/,
      );
    }
  });

  test('each field, removed: the line names it', () => {
    for (const key of Object.keys(exampleRunFile())) {
      const content: Record<string, JsonValue> = JSON.parse(original);
      delete content[key];
      const optional = key.endsWith('_accuracies');
      expect(refusal('run.json', JSON.stringify(content))).toMatch(
        optional ? /^run\.json: field \w+_accuracies: found/ : new RegExp(`^run\\.json: field ${key}: missing`),
      );
    }
  });
});

function refusal(path: string, text: string): string | null {
  try {
    const file = parseResultFile(path, text);
    expect(file.kind).toBe('probprec');
    return null;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return error.message;
  }
}

type Parent = Record<string, JsonValue>;

/** The text after a change to one of all members, however deep. */
function changed(random: RandomStream, change: (parent: Parent, key: string) => void): string {
  const content: Parent = JSON.parse(JSON.stringify(exampleRunFile({ datasetSizes: sizes })));
  const places: [Parent, string][] = [];
  const visit = (parent: Parent) => {
    for (const [key, value] of Object.entries(parent)) {
      places.push([parent, key]);
      if (typeof value === 'object' && value !== null) visit(value as Parent);
    }
  };
  visit(content);
  const [parent, key] = places[random.integer(places.length)] ?? [content, 'status'];
  change(parent, key);
  return JSON.stringify(content);
}

function remove(parent: Parent | JsonValue[], key: string): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
}

function otherType(value: JsonValue | undefined): JsonValue {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return 0;
  if (typeof value === 'boolean') return null;
  return value === null ? false : 'text';
}
