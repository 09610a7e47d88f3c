import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEngine } from '../../src/engine/index.js';
import { findKeptParameters, loadKeptParameters } from '../../src/run/index.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/run/safetensors.js';
import { loadTestProblem } from '../../src/testproblem/index.js';
import { interruptedWhen, runSmall } from './small-run.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-kept-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** The files of kept parameters beside a run file, by name, with their bytes. */
async function kept(path: string): Promise<[string, Buffer][]> {
  const names = (await readdir(dirname(path))).filter((name) => name.endsWith('.safetensors')).sort();
  return Promise.all(
    names.map(async (name): Promise<[string, Buffer]> => [name, await readFile(join(dirname(path), name))]),
  );
}

describe('a run that keeps its parameters', () => {
  test('has a file for each epoch, or one at the end, and is the same run', async () => {
    const epochs = await runSmall(join(folder, 'epochs'), {}, { keepParameters: 'epochs' });
    const end = await runSmall(join(folder, 'end'), {}, { keepParameters: 'end' });
    const none = await runSmall(join(folder, 'none'));
    expect(epochs.runFile.configuration_hash).toBe(none.runFile.configuration_hash);
    expect(epochs.runFile.train_losses).toEqual(none.runFile.train_losses);
    const files = await kept(epochs.path);
    expect(files.map(([name]) => name.replace(/__[0-9a-f]{12}__/, '__HASH__'))).toEqual(
      [1, 2, 3].map((epoch) => `random_seed__42__HASH__epoch__${epoch}.safetensors`),
    );
    expect(await kept(end.path)).toEqual(files.slice(2));
    expect(await kept(none.path)).toEqual([]);
    expect(epochs.events).toContainEqual({ type: 'keeping', files: 3, bytesEach: 4 * 7850 });
    expect(epochs.events.filter(({ type }) => type === 'parameters')).toHaveLength(3);
  });

  test('goes on after an interruption with the same files', async () => {
    const keep = { keepParameters: 'epochs' } as const;
    const whole = await runSmall(join(folder, 'whole'), {}, keep);
    const part = join(folder, 'part');
    await runSmall(
      part,
      {},
      { ...keep, ...interruptedWhen((e) => e.type === 'step' && e.epoch === 2 && e.step === 4) },
    );
    const resumed = await runSmall(part, {}, keep);
    expect(resumed.events.some((e) => e.type === 'start' && e.resumedFromEpoch === 1)).toBe(true);
    expect(await kept(resumed.path)).toEqual(await kept(whole.path));
  });

  test('says what could not be written, also when the command is repeated; --overwrite mends it', async () => {
    const keep = { keepParameters: 'epochs' } as const;
    const first = await runSmall(folder, {}, keep);
    const blocked = (await kept(first.path))[1]?.[0] ?? '';
    const path = join(dirname(first.path), blocked);
    await rm(path);
    await mkdir(path);
    const failed = await runSmall(folder, {}, { ...keep, overwrite: true });
    const said = ({ events }: typeof first) => events.flatMap((e) => (e.type === 'warning' ? [e.message] : []));
    expect(failed.runFile.status.state).toBe('completed');
    expect(said(failed)).toEqual([expect.stringMatching(/^the parameters of epoch 2 are not kept: .*overwrite/)]);
    await rm(path, { recursive: true });
    const repeated = await runSmall(folder, {}, keep);
    expect(repeated.alreadyComplete).toBe(true);
    expect(said(repeated)).toEqual([expect.stringMatching(/the parameters of epoch 2 are not kept, .*overwrite/)]);
    expect(said(await runSmall(folder))).toEqual([]);
    expect(said(await runSmall(folder, {}, { keepParameters: 'end' }))).toEqual([]);
    expect(said(await runSmall(folder, {}, { ...keep, overwrite: true }))).toEqual([]);
    expect(said(await runSmall(folder, {}, keep))).toEqual([]);
    expect((await kept(repeated.path)).map(([name]) => name)).toContain(blocked);
  });

  test('finds and loads them again; damaged files and those of other runs are refused in one line', async () => {
    const { path, runFile } = await runSmall(folder, {}, { keepParameters: 'epochs' });
    const found = await findKeptParameters(path, { seed: 42, hash: runFile.configuration_hash });
    expect(found.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    const [first] = found;
    if (first === undefined) throw new Error('there is no file');
    const engine = await openEngine({ engine: 'onnxruntime', device: 'cpu', threads: 1 });
    const problem = await loadTestProblem('mnist_logreg');
    const load = (hash = runFile.configuration_hash) => loadKeptParameters(first, { engine, problem, hash });
    try {
      const { parameters } = await load();
      expect(parameters.map(({ shape }) => shape)).toEqual([[10, 784], [10]]);
      await expect(load('0'.repeat(64))).rejects.toThrow(/: found configuration_hash .*of another run$/);
      const bytes = await readFile(first.path);
      bytes[bytes.length - 5] = (bytes[bytes.length - 5] ?? 0) ^ 1;
      await writeFile(first.path, bytes);
      await expect(load()).rejects.toThrow(/: damaged: found numbers with SHA-256/);
      await writeFile(first.path, bytes.subarray(0, 20));
      await expect(load()).rejects.toThrow(/: damaged: found 20 bytes/);
    } finally {
      await engine.dispose();
    }
  });
});

describe('the format', () => {
  const content = {
    metadata: { epoch: '3', text: 'ü' },
    tensors: {
      'conv1.weight': { shape: [2, 1, 2], data: Float32Array.of(1, -2, Number.NaN, 1e-40) },
      bias: { shape: [], data: Float32Array.of(-0) },
    },
  };

  test('keeps every bit', () => {
    const { metadata, tensors } = decodeSafetensors(encodeSafetensors(content));
    expect(metadata).toMatchObject(content.metadata);
    expect(tensors).toEqual(content.tensors);
    expect(Object.is(tensors.bias?.data[0], -0)).toBe(true);
  });

  test('is that of safetensors: a length, JSON, numbers that begin at a multiple of eight', () => {
    const bytes = encodeSafetensors(content);
    const length = Number(bytes.readBigUInt64LE(0));
    expect(length % 8).toBe(0);
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString('utf8'));
    expect(header['conv1.weight']).toEqual({ dtype: 'F32', shape: [2, 1, 2], data_offsets: [0, 16] });
    expect(bytes.readFloatLE(8 + length + 4)).toBe(-2);
  });
});
