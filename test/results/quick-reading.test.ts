import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import { canonicalJson, type JsonValue, prettyJson, sha256Hex } from '../../src/results/canonical-json.js';
import { canonicalText } from '../../src/results/canonical-text.js';
import { compiledCheck, quickCheck } from '../../src/results/compiled-check.js';
import { importedRunSchema, sealImportedRun } from '../../src/results/deepobs/imported-run.js';
import { readDeepobsRun } from '../../src/results/deepobs/read.js';
import { parseJson } from '../../src/results/parse-json.js';
import { runFileSchema } from '../../src/results/schema.js';
import { textDigest } from '../../src/results/text-digest.js';
import { deepobsContent, place, pythonText } from './deepobs/trees.js';
import { exampleConfiguration, exampleRunFile } from './example.js';

/** More with PROBPREC_FUZZ_CASES; the default is for every test run. */
const numRuns = Number(process.env.PROBPREC_FUZZ_CASES ?? 3000);
const seed = process.env.PROBPREC_TEST_SEED;
const parameters = { numRuns, ...(seed === undefined ? {} : { seed: Number(seed) }) };

const sha256 = '0123456789abcdef'.repeat(4);
/** Files in which every part of the schema occurs. */
const runFiles: readonly JsonValue[] = [
  exampleRunFile(),
  exampleRunFile({
    configuration: exampleConfiguration({
      testproblem: 'mine@faces',
      testproblemSource: { file: 'mine.js', sha256 },
      dataset: { name: 'faces', source: { file: 'faces.js', sha256 } },
      variant: 'tf',
      init: 'pytorch',
      l2Reg: 0.01,
      l2RegGiven: true,
      data: { source: 'synthetic', syntheticSize: 600 },
      lrSchedule: { epochs: [0, 1], factors: [1, 0.5] },
    }),
    status: { state: 'diverged', epoch: 1, step: 3, reason: 'the loss is not finite' },
    losses: { train: [2.3, null], valid: [2.3, 1e-7], test: [2.3, 1e21] },
    accuracies: null,
    metrics: { divergence: { train: [1, 2], valid: [1, null], test: [0, -0.5] } },
    minibatchTrainLosses: [2.3, 1, 0.9, Number.NaN],
    timing: {
      trainingWallSeconds: [1, 0.5],
      trainingCpuSeconds: [1, 0.5],
      trainingOtherCores: [0, 1],
      evaluationWallSeconds: [1, 1],
      evaluationCpuSeconds: [1, 1],
    },
    provenance: {
      suite: { version: '0.1.0', commit: 'a'.repeat(40), dirty: false },
      optimizer: { file: 'mine.js', version: '01234567', commit: null, dirty: null },
    },
    observations: [{ epoch: 1, step: 2, values: { trace: 3 }, cost: { gradients: 1, products: 2, seconds: 0.5 } }],
    evaluations: { gradients: 30, products: 0, losses: 5 },
    evaluatesElsewhere: true,
    resumed: [
      { epoch: 1, step: 3, at: '2026-11-22T10:00:30.000Z', engine_before: { version: null, details: { a: [1] } } },
    ],
    label: { tags: ['first', 'b-2'], note: 'a "note" – with signs' },
  }),
].map((file) => file as JsonValue);

const imported = sealImportedRun({
  ...readDeepobsRun(place('fmnist_2c2d', 'SGD'), pythonText(deepobsContent()), parseJson(pythonText(deepobsContent()))),
  imported_from: {
    ...{ dialect: 'deepobs-develop', engine: 'pytorch', file: 'random_seed__42__x.json' },
    ...{ setting: 'num_epochs__1', sha256 },
  },
  original: { indent: 4, ending: '\n', members: [['a', null]], infinities: [['train_losses', 'inf', [0]]] },
} as never) as JsonValue;

/** What somebody may have put into the place of a value. */
const other: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom<JsonValue>(null, true, '', 'x', '__proto__', 'a\u0000b', 0, -1, 1.5, 2 ** 53, 1e300, [], {}),
  fc.constantFrom<JsonValue>({ float: 'inf' }, { float: 'x' }, { dict: {} }, [[1]], [null], [1, 'x'], { a: 1 }),
  fc.constantFrom<JsonValue>('completed', 'failed', 'own', 'real', '2026-11-22T10:00:00Z', '2026-13-22', sha256),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  kind: fc.constantFrom('replace' as const, 'near' as const, 'near' as const, 'remove' as const, 'add' as const),
  value: other,
});
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

/** Another value of the same kind. */
function near(value: JsonValue): JsonValue {
  if (typeof value === 'number') return value + (Number.isInteger(value) ? 1 : 0.125);
  if (typeof value === 'string') return `${value}${value.length === 64 ? '' : 'x'}`;
  return typeof value === 'boolean' ? !value : value;
}

/** The value with one of its parts replaced, left out, or doubled under another name. */
function edited(root: JsonValue, { at, kind, value }: Edit): JsonValue {
  const copy = structuredClone({ root });
  const places: [Record<string, JsonValue>, string][] = [];
  const walk = (parent: object) => {
    for (const [key, entry] of Object.entries(parent)) {
      places.push([parent as Record<string, JsonValue>, key]);
      if (typeof entry === 'object' && entry !== null) walk(entry);
    }
  };
  walk(copy);
  const whole: Record<string, JsonValue> = copy;
  const [parent, key] = places[Math.floor(at * places.length)] ?? [whole, 'root'];
  if (kind === 'near') parent[key] = near(parent[key] ?? null);
  else if (kind === 'replace' || parent === whole) parent[key] = value;
  else if (Array.isArray(parent))
    parent.splice(Number(key), kind === 'remove' ? 1 : 0, ...(kind === 'add' ? [value] : []));
  else if (kind === 'remove') delete parent[key];
  else parent[`${key}_`] = value;
  return copy.root;
}

const schemas: readonly [string, z.ZodType, readonly JsonValue[]][] = [
  ['run files', runFileSchema, runFiles],
  ['imported files', importedRunSchema, [imported]],
];

test.each(schemas)('the compiled check of %s accepts exactly what the schema accepts', (_, schema, originals) => {
  const check = compiledCheck(schema);
  let accepted = 0;
  for (const original of originals) expect(check(original)).toBe(true);
  fc.assert(
    fc.property(fc.constantFrom(...originals), fc.array(edit, { minLength: 1, maxLength: 2 }), (original, edits) => {
      const value = edits.reduce(edited, original);
      const parsed = schema.safeParse(value);
      expect(check(value)).toBe(parsed.success);
      if (!parsed.success) return;
      accepted += 1;
      expect(parsed.data).toEqual(value);
    }),
    parameters,
  );
  expect(accepted).toBeGreaterThan(numRuns / 100);
});

test('a schema that changes values has no compiled check', async () => {
  const { z: zod } = await import('zod');
  const changing: readonly z.ZodType[] = [
    zod.string().trim(),
    zod.object({ a: zod.number() }),
    zod.number().default(1),
    zod.url(),
  ];
  for (const schema of changing) {
    expect(() => compiledCheck(schema)).toThrow(/no compiled check/);
  }
  const other = quickCheck(zod.object({ a: zod.number() }));
  expect([other({ a: 1, b: 2 }), other({ a: '1' })]).toEqual([true, false]);
});

const ORIGINALS = [...runFiles, imported];

test('the digest of what was written is told from the text', () => {
  for (const original of ORIGINALS.slice(0, 1)) {
    const { content_digest: digest } = original as { readonly content_digest: string };
    for (const text of [prettyJson(original), JSON.stringify(original), JSON.stringify(original, null, '\t')]) {
      expect(textDigest(text)).toBe(digest);
    }
  }
  // A letter beyond ASCII, a backslash: the values decide.
  expect(textDigest(prettyJson(ORIGINALS[1] ?? null))).toBeNull();
});

test('a text made canonical has the values of the text, and is what canonicalJson writes of them', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ unit: 'grapheme-ascii' }), fc.jsonValue() as fc.Arbitrary<JsonValue>),
      fc.constantFrom(undefined, 1, '\t'),
      (value, indent) => {
        const { left: _, ...rest } = value;
        const bytes = canonicalText(JSON.stringify({ ...value, left: [1, { a: 2 }] }, null, indent), 'left');
        if (bytes === null) return;
        const text = Buffer.from(bytes).toString();
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(rest)));
        expect(sha256Hex(text)).toBe(sha256Hex(canonicalJson(JSON.parse(JSON.stringify(rest)))));
      },
    ),
    parameters,
  );
});

test('numbers stand in it as the text has them', () => {
  const bytes = canonicalText('{ "b" : [ 1.0, 1E5 , -0 ] ,\n "a":{"d":1,"c":{}} , "left":"x" }', 'left');
  expect(Buffer.from(bytes ?? []).toString()).toBe('{"a":{"c":{},"d":1},"b":[1.0,1E5,-0]}');
});
