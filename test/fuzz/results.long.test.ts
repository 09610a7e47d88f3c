import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { FileError, OutputError } from '../../src/errors.js';
import { ownIdentity } from '../../src/process-identity.js';
import { canonicalJson, type JsonValue, sha256Hex } from '../../src/results/canonical-json.js';
import { type ConfigurationJson, configurationFromJson } from '../../src/results/configuration.js';
import { hashConfiguration } from '../../src/results/identity.js';
import { parseResultFile, recordResultFile } from '../../src/results/index.js';
import { parseRunFile } from '../../src/results/run-file.js';
import {
  DamagedContent,
  encodeCheckpoint,
  OtherVersion,
  readContent,
  readHeader,
} from '../../src/run/checkpoint-format.js';
import { checkpointHeaderSchema } from '../../src/run/checkpoint-header.js';
import { describeHolder, inspectLock, isStale, lockContent } from '../../src/run/lock-file.js';
import { deepobsContent, place, pythonText } from '../results/deepobs/trees.js';
import { exampleRunFile } from '../results/example.js';
import { casesOf, damagedBytes, damagedText, oneLine } from './edits.js';

const HOUR = 3_600_000;
const folder = mkdtempSync(join(tmpdir(), 'probprec-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));

const original = exampleRunFile();
const PATH = 'out/run.json';

/** The error is one line of the kind, or it is thrown on as what has been found. */
function expectLine(error: unknown, kinds: readonly (new (...given: never[]) => Error)[]): void {
  if (!kinds.some((kind) => error instanceof kind)) throw error;
  expect((error as Error).message).toMatch(oneLine);
}

test('a damaged run file is refused in one line, or says what the whole one says', { timeout: HOUR }, () => {
  fc.assert(
    fc.property(damagedText(JSON.stringify(original), JSON.stringify(original, null, 2)), (text) => {
      try {
        expect(parseRunFile(PATH, text)).toEqual(original);
      } catch (error) {
        expectLine(error, [FileError]);
      }
    }),
    casesOf('runFiles'),
  );
});

/** Hash and digest of what the file says now: the deed of someone who knows how. */
function sealed(text: string): string {
  const content = JSON.parse(text) as Record<string, JsonValue>;
  const { content_digest: _, ...rest } = content;
  const configuration = rest.configuration as unknown as ConfigurationJson;
  const configuration_hash = hashConfiguration(configurationFromJson(configuration), Number(rest.protocol_version));
  const all = { ...rest, configuration_hash };
  return JSON.stringify({ ...all, content_digest: sha256Hex(canonicalJson(all)) });
}

test('a run file that was changed and sealed again is refused in one line or can be compared', {
  timeout: HOUR,
}, () => {
  fc.assert(
    fc.property(damagedText(JSON.stringify(original)), (text) => {
      let again: string;
      try {
        again = sealed(text);
      } catch {
        return;
      }
      try {
        const run = recordResultFile(PATH, parseResultFile(PATH, again));
        expect(
          Object.values(run.curves)
            .flat()
            .filter((value) => value !== null && !Number.isFinite(value)),
        ).toEqual([]);
      } catch (error) {
        expectLine(error, [FileError]);
      }
    }),
    casesOf('sealedRunFiles'),
  );
});

test('a damaged DeepOBS file is refused in one line or can be compared', { timeout: HOUR }, () => {
  const path = place('fmnist_2c2d', 'SGD');
  const texts = [
    pythonText(
      deepobsContent({ optimizer_hyperparams: { lr: 0.1, betas: [0.5, 0.75], max: 'Infinity' }, own: [1, 'NaN'] }),
    ),
    JSON.stringify({
      ...deepobsContent(),
      hyperparams: { momentum: 0.5 },
      lr_sched_epochs: [1],
      lr_sched_factors: [0.5],
    }),
  ];
  fc.assert(
    fc.property(damagedText(...texts), (text) => {
      try {
        expect(recordResultFile(path, parseResultFile(path, text)).file).toBe(path);
      } catch (error) {
        expectLine(error, [FileError]);
      }
    }),
    casesOf('deepobs'),
  );
});

const hash = '0123456789abcdef'.repeat(4);
const header = {
  configuration_hash: hash,
  identity: hash,
  provenance: {
    suite_version: '0.1.0',
    protocol_version: 1,
    dataset: 'x',
    optimizer_sources: [],
    engine: { name: 'onnxruntime', device: 'cpu', version: '1.30.0', details: { blockSize: 16 } },
  },
  epoch: 2,
  part_of_epoch: { step: 4, wall_seconds: 0.5, cpu_seconds: 0.25, other_cores: 0 },
  started_at: '2026-11-22T10:00:00.000Z',
  training: { steps: 50, lastAlpha: [null, 0.5] },
  resumed: [{ epoch: 1, step: 3, at: '2026-11-22T11:00:00.000Z' }],
  journal: { bytes: 120, sha256: hash },
};
const arrays = { weight: Float32Array.of(1.5, -0, 3), counts: Int32Array.of(-1, 7), factor: Float64Array.of(Math.PI) };
const checkpoint = Buffer.concat(encodeCheckpoint({ header, arrays }));
const readerOf = (bytes: Uint8Array) => async (position: number, length: number) => {
  if (length > bytes.length) throw new Error(`asked for ${length} of ${bytes.length} bytes`);
  if (position + length > bytes.length) throw new DamagedContent(`${bytes.length} bytes`, `${position + length}`);
  const read = Buffer.alloc(length);
  read.set(bytes.subarray(position, position + length));
  return read;
};

test('a damaged checkpoint is told, whatever is wrong with it', { timeout: HOUR }, async () => {
  await fc.assert(
    fc.asyncProperty(damagedBytes(checkpoint), async (bytes) => {
      const unchanged = Buffer.from(bytes).equals(checkpoint);
      for (const read of [readHeader, readContent]) {
        try {
          await read(bytes.length, readerOf(bytes));
          // The arrays' own checksum is not looked at where the header alone is wanted.
          expect(read === readHeader || unchanged).toBe(true);
        } catch (error) {
          expect(unchanged).toBe(false);
          expectLine(error, [DamagedContent, OtherVersion]);
        }
      }
    }),
    casesOf('checkpoints'),
  );
});

test('a checkpoint with a right checksum and another header is checked by its schema', { timeout: HOUR }, async () => {
  await fc.assert(
    fc.asyncProperty(damagedText(JSON.stringify(header)), async (text) => {
      let other: unknown;
      try {
        other = JSON.parse(text);
      } catch {
        return;
      }
      const bytes = Buffer.concat(encodeCheckpoint({ header: other, arrays }));
      const { header: read } = await readContent(bytes.length, readerOf(bytes));
      const checked = checkpointHeaderSchema.safeParse(read);
      if (!checked.success) return;
      expect(checked.data.epoch).toBeGreaterThanOrEqual(0);
      expect(Number.isInteger(checked.data.part_of_epoch?.step ?? 0)).toBe(true);
      expect(Number.isNaN(Date.parse(checked.data.started_at))).toBe(false);
    }),
    casesOf('sealedCheckpoints'),
  );
});

test('a lock with any content has a holder, and no name leads out of its folder', { timeout: HOUR }, async () => {
  const own = { ...ownIdentity(), since: '2026-11-22T10:00:00.000Z', nonce: '0123456789abcdef' };
  const path = join(folder, 'x.lock');
  await fc.assert(
    fc.asyncProperty(damagedText(lockContent(own)), async (text) => {
      writeFileSync(path, text);
      try {
        const found = await inspectLock(path);
        expect(found?.holder.nonce).toMatch(/^[0-9a-z-]{1,64}$/);
        if (found === null) return;
        expect(typeof isStale(found, Date.now())).toBe('boolean');
        expect(describeHolder(found.holder)).toMatch(oneLine);
      } catch (error) {
        expectLine(error, [OutputError]);
      }
    }),
    casesOf('locks'),
  );
  expect(readdirSync(folder)).toEqual(['x.lock']);
});
