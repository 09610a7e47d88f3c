import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compare } from '../../src/analysis/index.js';
import { FileError } from '../../src/errors.js';
import { type RandomStream, randomStream } from '../../src/random/index.js';
import { canonicalJson, type JsonValue, sha256Hex } from '../../src/results/canonical-json.js';
import { type ConfigurationJson, configurationFromJson } from '../../src/results/configuration.js';
import { hashConfiguration } from '../../src/results/identity.js';
import { importDeepobs, parseResultFile, type RecordedRun, recordResultFile } from '../../src/results/index.js';
import { deepobsContent, place, put, pythonText } from './deepobs/trees.js';
import { exampleRunFile } from './example.js';

/** More with PROBPREC_FUZZ_CASES; the default is for every test run. */
const CASES = Number(process.env.PROBPREC_FUZZ_CASES ?? 3000);

const ORIGINALS = [
  pythonText(
    deepobsContent({
      optimizer_hyperparams: { lr: 0.1, betas: [0.5, 0.75], name: 'a "b"', max: 'Infinity' },
      own: [1, 'NaN'],
    }),
  ),
  JSON.stringify({
    ...deepobsContent(),
    hyperparams: { momentum: 0.5 },
    learning_rate: 0.1,
    lr_sched_epochs: [1],
    lr_sched_factors: [0.5],
  }),
  JSON.stringify(exampleRunFile()),
];

const PIECES = [
  ...[
    'null',
    'true',
    'NaN',
    '-Infinity',
    '1e999',
    '-0',
    '1.5',
    '"x"',
    '""',
    '"\\u0000"',
    '"\u202e"',
    '{}',
    '[]',
    '[[1]]',
    '{"a":1}',
  ],
  ...[
    '"__proto__"',
    '"constructor"',
    '"../../x"',
    '9'.repeat(400),
    '['.repeat(300),
    '{"float":"inf"}',
    '{"dict":{}}',
    '\\',
    '"',
    ',',
  ],
];

/** One of: bytes flipped, cut, a piece in place of a value, a piece in place of a span, a part twice. */
function mutated(random: RandomStream, text: string): string {
  if (text === '') return text;
  const at = random.integer(text.length);
  const to = Math.min(text.length, at + 1 + random.integer(40));
  const piece = PIECES[random.integer(PIECES.length)] ?? '';
  switch (random.integer(6)) {
    case 0:
      return text.slice(0, at) + String.fromCharCode(random.integer(256)) + text.slice(at + 1);
    case 1:
      return text.slice(0, at);
    case 2:
      return text.slice(0, at) + piece + text.slice(to);
    case 3:
      return text.slice(0, at) + text.slice(at, to).repeat(2) + text.slice(to);
    default: {
      const values = [...text.matchAll(/:\s*("[^"]*"|[-\w.]+|\[[^[\]]*\]|\{[^{}]*\})/g)];
      const value = values[random.integer(values.length + 1)];
      if (value?.[1] === undefined) return text;
      const start = value.index + value[0].length - value[1].length;
      return text.slice(0, start) + piece + text.slice(start + value[1].length);
    }
  }
}

/** With the hash and the digest of what the file says now, where it is one of ours: the deed of someone who knows how. */
function resealed(text: string): string {
  let content: Record<string, JsonValue>;
  try {
    content = JSON.parse(text);
  } catch {
    return text;
  }
  if (typeof content !== 'object' || content === null || !('content_digest' in content)) return text;
  const { content_digest: _, configuration, ...rest } = content;
  const configuration_hash = hashOf(configuration ?? null, content.protocol_version ?? null);
  const sealed = { ...rest, configuration: configuration ?? null, configuration_hash };
  return JSON.stringify({ ...sealed, content_digest: sha256Hex(canonicalJson(sealed)) });
}

/** Of what is no configuration any more, the hash of nothing. */
function hashOf(configuration: JsonValue, protocol: JsonValue): string {
  try {
    return hashConfiguration(configurationFromJson(configuration as unknown as ConfigurationJson), Number(protocol));
  } catch {
    return sha256Hex('');
  }
}

test(`${CASES} damaged files: a run, or one line that names the file`, () => {
  const path = place('fmnist_2c2d', 'SGD');
  const runs: RecordedRun[] = [];
  for (let index = 0; index < CASES; index++) {
    const random = randomStream(11, 'result-files', index);
    let text = ORIGINALS[random.integer(ORIGINALS.length)] ?? '';
    for (let times = random.integer(3); times >= 0; times--) text = mutated(random, text);
    if (random.integer(2) === 0) text = resealed(text);
    try {
      const run = recordResultFile(path, parseResultFile(path, text));
      if (runs.length < 500) runs.push(run);
    } catch (error) {
      if (!(error instanceof FileError)) throw new Error(`case ${index}: ${text.slice(0, 3000)}`, { cause: error });
      expect(error.message.startsWith(`${path}: `), `case ${index}: ${error.message}`).toBe(true);
      expect(error.message, `case ${index}`).not.toMatch(/[\p{Cc}\u202e]/u);
    }
  }
  expect(runs.length).toBeGreaterThan(100);
  expect(compare(runs).tables.length).toBeGreaterThan(0);
});

test('200 damaged files in one folder: each is written or named, and nothing lies elsewhere', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'probprec-fuzz-'));
  for (let index = 0; index < 200; index++) {
    const random = randomStream(12, 'import', index);
    const text = mutated(random, mutated(random, ORIGINALS[index % 2] ?? ''));
    await put(folder, `in/loose/random_seed__42__${index}.json`, text);
  }
  const { written, skipped, faults } = await importDeepobs([join(folder, 'in')], join(folder, 'out'));
  expect(written.length + skipped.length + faults.length).toBe(200);
  expect(faults.filter((fault) => fault.includes('defect'))).toEqual([]);
  expect((await readdir(folder)).sort()).toEqual(['in', 'out']);
  await rm(folder, { recursive: true });
});
