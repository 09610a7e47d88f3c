import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileError } from '../../src/errors.js';
import {
  buildRunFile,
  type JsonValue,
  readRunFile,
  reproducibleContent,
  runFileSchema,
  writeRunFile,
} from '../../src/results/index.js';
import { exampleConfiguration, exampleParts, exampleRunFile } from './example.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-run-file-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a run file', () => {
  test('is read as it was written', async () => {
    const path = join(folder, 'new', 'run.json');
    const runFile = exampleRunFile();
    expect(await writeRunFile(path, runFile)).toBe(path);
    expect(await readRunFile(path)).toEqual(runFile);
    expect(await readdir(join(folder, 'new'))).toEqual(['run.json']);
  });

  test("starts with DeepOBS's keys in DeepOBS's order", () => {
    expect(Object.keys(exampleRunFile()).slice(0, 15)).toEqual(
      `testproblem batch_size num_epochs random_seed l2_reg optimizer_name optimizer_hyperparams training_params
       train_losses valid_losses test_losses minibatch_train_losses
       train_accuracies valid_accuracies test_accuracies`.split(/\s+/),
    );
  });

  test('holds non-finite numbers as null and no accuracies where there are none', () => {
    const runFile = exampleRunFile({
      status: { state: 'diverged', epoch: 1, step: 20, reason: 'minibatch loss is NaN' },
      losses: { train: [2, Number.POSITIVE_INFINITY], valid: [2, Number.NaN], test: [2, Number.NEGATIVE_INFINITY] },
      accuracies: null,
      minibatchTrainLosses: [1, 2, 3, 4, 5, Number.NaN],
      timing: {
        trainingWallSeconds: [1],
        trainingCpuSeconds: [1],
        evaluationWallSeconds: [1, 1],
        evaluationCpuSeconds: [1, 1],
      },
      optimizerLog: [{ alpha: Number.NaN, factors: Float32Array.of(0.5) }],
    });
    expect(runFile.train_losses).toEqual([2, null]);
    expect(runFile.minibatch_train_losses.at(-1)).toBeNull();
    expect(runFile.optimizer_log).toEqual([{ alpha: null, factors: [0.5] }]);
    expect(Object.keys(runFile).filter((key) => key.endsWith('_accuracies'))).toEqual([]);
    expect(runFileSchema.safeParse(runFile).success).toBe(true);
  });

  test('says l2_reg as given and in force, and the schedule', () => {
    const configuration = exampleConfiguration({ l2Reg: 0.002, lrSchedule: { epochs: [1], factors: [0.1] } });
    const runFile = exampleRunFile({ configuration });
    expect(runFile.l2_reg).toBeNull();
    expect(runFile.configuration.l2_reg).toBe(0.002);
    expect(runFile.training_params).toEqual({ lr_sched_epochs: [1], lr_sched_factors: [0.1] });
  });

  test('names neither the host nor a path of this machine', () => {
    const text = JSON.stringify(exampleRunFile().environment);
    expect(text).not.toContain(process.cwd());
    expect(Object.keys(exampleRunFile().environment)).toEqual([
      ...['node', 'platform', 'arch', 'cpu_model', 'cores', 'memory_bytes', 'engine'],
    ]);
  });

  test('reproducible content leaves out times and memory only', () => {
    const first = exampleRunFile();
    const second = exampleRunFile({ startedAt: new Date(), finishedAt: new Date(), peakMemoryBytes: null });
    expect(first).not.toEqual(second);
    expect(reproducibleContent(first)).toEqual(reproducibleContent(second));
    const logged = (seconds: number, alpha: number) =>
      reproducibleContent(
        exampleRunFile({ optimizerLog: [{ estimations: [{ alpha, seconds: { prior: seconds } }] }] }),
      );
    expect(logged(1, 0.5)).toEqual(logged(2, 0.5));
    expect(logged(1, 0.5)).not.toEqual(logged(1, 0.25));
  });

  test('a defect is not written', async () => {
    const runFile = { ...exampleRunFile(), test_losses: [1] };
    await expect(writeRunFile(join(folder, 'run.json'), runFile)).rejects.toThrow('defect');
    expect(await readdir(folder)).toEqual([]);
  });
});

type Content = Record<string, JsonValue>;

describe('reading a damaged run file', () => {
  async function damaged(change: (content: Content) => void): Promise<string> {
    const path = join(folder, 'run.json');
    const content: Content = JSON.parse(JSON.stringify(exampleRunFile()));
    change(content);
    await writeFile(path, JSON.stringify(content));
    const error: unknown = await readRunFile(path).catch((reason: unknown) => reason);
    if (!(error instanceof FileError)) throw new Error(`expected a FileError, found ${String(error)}`);
    expect(error.exitCode).toBe(2);
    expect(error.message).not.toContain('\n');
    expect(error.message.startsWith(`${path}: `)).toBe(true);
    return error.message.slice(path.length + 2);
  }

  test.each<[string, (content: Content) => void, string]>([
    [
      'another schema version',
      (content) => Object.assign(content, { schema_version: 3 }),
      'field schema_version: found 3, expected 2; read it with the probprec version that wrote it',
    ],
    ['a missing key', (content) => delete content.test_losses, 'field test_losses: missing, expected a list'],
    [
      'an unknown key',
      (content) => Object.assign(content, { remark: 1 }),
      'field (whole file): found the unknown key remark, expected only the keys of schema version 2',
    ],
    [
      'a wrong type',
      (content) => Object.assign(content, { batch_size: '128' }),
      'field batch_size: found "128", expected a number',
    ],
    [
      'a short list',
      (content) => Object.assign(content, { test_losses: [1, 2] }),
      'field test_losses: found 2 entries, expected 3 (as many as train_losses)',
    ],
    [
      'too few epochs for completed',
      (content) => {
        for (const key of ['train', 'valid', 'test']) content[`${key}_losses`] = [1, 2];
      },
      'field train_losses: found 2 entries, expected 3 (one before training and one for each of 2 epochs)',
    ],
    [
      'one accuracy list of three',
      (content) => delete content.valid_accuracies,
      'field valid_accuracies: found 0 entries, expected 3 (as many as train_losses)',
    ],
    [
      'a seed unlike the configuration',
      (content) => Object.assign(content, { random_seed: 1 }),
      'field random_seed: found 1, expected 42 as in configuration',
    ],
  ])('%s', async (_, change, message) => expect(await damaged(change)).toBe(message));

  test('a changed number is found by the digest', async () => {
    const message = await damaged((content) => Object.assign(content, { test_losses: [2.3, 0.6, 0.4] }));
    expect(message).toMatch(/^field content_digest: found .* the file was changed after it was written$/);
  });

  test('a changed configuration is found by its hash', async () => {
    const message = await damaged((content) =>
      Object.assign(content.configuration as object, { protocol: 'deepobs-beta' }),
    );
    expect(message).toMatch(/^field configuration_hash: /);
  });

  test('a cut-off file and a missing one are named', async () => {
    const path = join(folder, 'run.json');
    await writeRunFile(path, buildRunFile(exampleParts()));
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, 500));
    await expect(readRunFile(path)).rejects.toThrow(`${path}: not valid JSON, perhaps cut off (500 characters)`);
    await expect(readRunFile(join(folder, 'none.json'))).rejects.toThrow('none.json: cannot be read');
  });
});
