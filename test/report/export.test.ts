import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CSV } from '../../src/report/long-form/csv-file.js';
import { exportTables } from '../../src/report/long-form/export.js';
import { PARQUET } from '../../src/report/long-form/parquet-file.js';
import { crc32c } from '../../src/report/tensorboard/crc32c.js';
import { exportEvents } from '../../src/report/tensorboard/export.js';
import { writeRunFile } from '../../src/results/index.js';
import { exampleConfiguration, exampleRunFile } from '../results/example.js';
import { fieldsOf, readEventFile, slowCrc32c } from './event-file.js';

let folder: string;
let files: string[];
const hostile = '=1+1 "quoted", ‮𝕬 <b>🚀\nline';
const losses = [2.3, 0.1 + 0.2, 5e-324];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-export-'));
  const completed = exampleRunFile({
    configuration: exampleConfiguration({
      optimizer: {
        name: 'momentum',
        className: 'Momentum',
        hyperparameters: { lr: Number.POSITIVE_INFINITY, nesterov: true, setting: hostile, momentum: null },
        integerHyperparameters: [],
        source: null,
      },
    }),
    losses: { train: losses, valid: losses, test: losses },
    optimizerLog: [
      { groups: [{ name: 'conv1', step: 3, alpha: 1e-300, sigma: { w: [2, 1] } }] },
      { events: [{ step: 4, name: 'conv1', event: 'restart', reason: hostile }] },
    ],
  });
  const diverged = exampleRunFile({
    configuration: exampleConfiguration({ seed: 43 }),
    status: { state: 'diverged', epoch: 0, step: 20, reason: 'not finite' },
    losses: { train: [2.3], valid: [2.3], test: [2.3] },
    accuracies: { train: [0.1], valid: [0.1], test: [0.1] },
    minibatchTrainLosses: [2.3, 7, Number.NaN],
    timing: {
      trainingWallSeconds: [],
      trainingCpuSeconds: [],
      evaluationWallSeconds: [1],
      evaluationCpuSeconds: [1],
    },
    optimizerLog: [],
  });
  files = await Promise.all(
    [completed, diverged].map((content, index) => writeRunFile(join(folder, 'results', `${index}.json`), content)),
  );
});

afterAll(() => rm(folder, { recursive: true }));

interface Connection {
  runAndReadAll(sql: string): Promise<{ getRowObjectsJS(): Promise<Record<string, unknown>[]> }>;
  closeSync(): void;
}

/** DuckDB's own reader of Parquet, another implementation than the writer's. It has 70 MB: `.ci/run` installs it, `npm ci` does not. */
const duckdb = (await import('@duckdb/node-api' as string).catch(() => null)) as {
  DuckDBInstance: { create(path: string): Promise<{ connect(): Promise<Connection>; closeSync(): void }> };
} | null;
if (duckdb === null) {
  process.stderr.write(
    'test/report/export.test.ts: no DuckDB here (npm install --no-save @duckdb/node-api): Parquet files are not read back\n',
  );
}

async function query(sql: string) {
  if (duckdb === null) throw new Error('defect: a test that needs DuckDB was not skipped');
  const { DuckDBInstance } = duckdb;
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    return await (await connection.runAndReadAll(sql)).getRowObjectsJS();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

describe.skipIf(duckdb === null)('export parquet', () => {
  const tables = () => join(folder, 'parquet');
  const table = (name: string) => query(`select * from read_parquet('${join(tables(), `${name}.parquet`)}')`);

  beforeAll(async () => {
    const { faults, runs } = await exportTables(files, tables(), PARQUET);
    expect({ faults, runs }).toEqual({ faults: [], runs: 2 });
  });

  test('every curve comes back to the last bit, with the step and the run it belongs to', async () => {
    const [runs, curves] = [await table('runs'), await table('curves')];
    expect(runs.map(({ seed, state, file }) => ({ seed, state, file }))).toEqual([
      { seed: 42n, state: 'completed', file: files[0] },
      { seed: 43n, state: 'diverged', file: files[1] },
    ]);
    const own = curves.filter(({ run, metric }) => run === runs[0]?.run && metric === 'test_losses');
    expect(own.map(({ value }) => value)).toEqual(losses);
    expect(own.map(({ epoch, step }) => [epoch, step])).toEqual([
      [0n, 0n],
      [1n, 25n],
      [2n, 50n],
    ]);
    expect(curves.filter(({ run }) => run === runs[1]?.run)).toHaveLength(6);
  });

  test('columns have types, texts of strangers are unchanged, and a hyperparameter cannot hide a column', async () => {
    const types = await query(`describe select * from read_parquet('${join(tables(), 'runs.parquet')}')`);
    const typeOf = Object.fromEntries(types.map(({ column_name, column_type }) => [column_name, column_type]));
    expect(typeOf).toMatchObject({
      seed: 'BIGINT',
      undisturbed: 'BOOLEAN',
      last_test_losses: 'DOUBLE',
      run: 'VARCHAR',
    });
    const settings = await table('settings');
    expect(settings).toHaveLength(2);
    expect(settings[0]).toMatchObject({
      optimizer: 'Momentum',
      lr: Number.POSITIVE_INFINITY,
      nesterov: true,
      setting_: hostile,
    });
    expect(settings[1]).toMatchObject({ lr: 0.11288378916846883, momentum: 0.9, nesterov: null, setting_: null });
  });

  test('quantities and events are placed and unchanged', async () => {
    expect(
      (await table('quantities')).map(({ quantity, where, step, value }) => [quantity, where, step, value]),
    ).toEqual([
      ['alpha', 'conv1', 3, 1e-300],
      ['sigma 1', 'w', 3, 2],
      ['sigma 2', 'w', 3, 1],
    ]);
    expect((await table('events')).map(({ event, where, step, reason }) => [event, where, step, reason])).toEqual([
      ['restart', 'conv1', 29, hostile],
    ]);
  });

  test('holds the same as the tables of export csv', async () => {
    const csv = join(folder, 'csv');
    await exportTables(files, csv, CSV);
    expect((await readdir(csv)).sort()).toEqual([
      'curves.csv',
      'events.csv',
      'quantities.csv',
      'runs.csv',
      'settings.csv',
    ]);
    for (const name of ['runs', 'curves', 'quantities']) {
      const both = await query(
        `from read_csv('${join(csv, `${name}.csv`)}', header = true, all_varchar = true, nullstr = '')`,
      );
      const typed = await table(name);
      expect(
        typed.map((row) => Object.values(row).map((cell) => (cell === null || cell === '' ? null : String(cell)))),
      ).toEqual(both.map((row) => Object.values(row)));
    }
  });

  test('more rows than a row group has', async () => {
    const file = await PARQUET.create(join(folder, 'long.parquet'), [{ name: 'value', type: 'number' }]);
    for (let start = 0; start < 120_000; start += 30_000) {
      await file.add(Array.from({ length: 30_000 }, (_, index) => [start + index]));
    }
    await file.complete();
    await file.publish();
    const path = join(folder, 'long.parquet');
    const [sum] = await query(`select sum(value) s, count(*) n, count(distinct value) d from read_parquet('${path}')`);
    expect(sum).toEqual({ s: (120_000 * 119_999) / 2, n: 120_000n, d: 120_000n });
  });

  test('numbers that are equal and not the same', async () => {
    const path = join(folder, 'zeros.parquet');
    const file = await PARQUET.create(path, [{ name: 'value', type: 'number' }]);
    const values = [0, -0, null, Number.NaN, 0, -0];
    await file.add(values.map((value) => [value]));
    await file.complete();
    await file.publish();
    expect((await query(`from read_parquet('${path}')`)).map(({ value }) => value)).toEqual(values);
  });

  test('leaves nothing behind when it fails', async () => {
    const target = join(folder, 'blocked');
    await mkdir(join(target, 'settings.parquet', 'in the way'), { recursive: true });
    await expect(exportTables(files, target, PARQUET)).rejects.toThrow(/^cannot write .*settings\.parquet: /);
    expect((await readdir(target)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('export tensorboard', () => {
  test('an event file for each run: every number exact, at its step, with the hyperparameters', async () => {
    const { files: written, runs } = await exportEvents(files, join(folder, 'events'));
    expect(runs).toBe(2);
    const [first = '', second = ''] = written;
    const events = readEventFile(await readFile(first));
    expect(events[0]).toMatchObject({ version: 'brain.Event:2', step: 0 });
    const valuesOf = (tag: string, all = events) =>
      all.filter((event) => event.tag === tag).map(({ step, value }) => [step, value]);
    expect(valuesOf('loss/test')).toEqual([0, 25, 50].map((step, index) => [step, losses[index]]));
    expect(valuesOf('accuracy/train')).toEqual([
      [0, 0.1],
      [25, 0.8],
      [50, 0.9],
    ]);
    expect(valuesOf('loss/minibatch')).toEqual(
      [2.3, 1, 0.9, 0.8, 0.7, 0.6].map((loss, index) => [[0, 10, 20, 25, 35, 45][index], loss]),
    );
    expect(valuesOf('optimizer/sigma 1/w')).toEqual([[3, 2]]);
    expect(valuesOf('event/restart/conv1')).toEqual([[29, hostile]]);
    const start = events.find(({ tag }) => tag === '_hparams_/session_start_info');
    const session = fieldsOf(fieldsOf(start?.content ?? Buffer.alloc(0)).get(3)?.[0] as Buffer);
    const hparams = new Map(
      (session.get(1) as Buffer[]).map((entry) => {
        const fields = fieldsOf(entry);
        const value = fieldsOf(fields.get(2)?.[0] as Buffer);
        const number = value.get(2)?.[0] as Buffer | undefined;
        return [String(fields.get(1)?.[0]), number?.readDoubleLE() ?? value.get(4)?.[0] ?? String(value.get(3)?.[0])];
      }),
    );
    expect(Object.fromEntries(hparams)).toMatchObject({
      testproblem: 'mnist_logreg',
      optimizer: 'Momentum',
      lr: Number.POSITIVE_INFINITY,
      nesterov: 1n,
      setting: hostile,
    });
    const lost = readEventFile(await readFile(second));
    expect(valuesOf('loss/minibatch', lost)).toEqual([
      [0, 2.3],
      [10, 7],
      [20, Number.NaN],
    ]);
    const end = lost.at(-1);
    expect(end?.tag).toBe('_hparams_/session_end_info');
    expect(Number(fieldsOf(fieldsOf(end?.content ?? Buffer.alloc(0)).get(4)?.[0] as Buffer).get(1)?.[0])).toBe(2);
  });

  test('is written again in place, and not beside event files of others', async () => {
    const target = join(folder, 'events');
    const before = (await exportEvents(files, target)).files;
    expect((await exportEvents(files, target)).files).toEqual(before);
    const other = join(before[0] ?? '', '..', 'events.out.tfevents.1.host');
    await writeFile(other, '');
    await expect(exportEvents(files, target)).rejects.toThrow(/is an event file of this run already/);
    expect((await stat(other)).size).toBe(0);
  });

  test('CRC-32C agrees with RFC 3720 and with its definition', () => {
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe(0x46dd794e);
    const bytes = Buffer.from('123456789');
    expect([crc32c(bytes), slowCrc32c(bytes)]).toEqual([0xe3069283, 0xe3069283]);
  });
});
