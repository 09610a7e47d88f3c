import fc from 'fast-check';

/** All cases of all targets together: 20,000, or what PROBPREC_FUZZ_CASES says. */
const TOTAL = Number(process.env.PROBPREC_FUZZ_CASES ?? 20_000);

/** How the cases are shared out: how fast a target is, and how much of it is outside input. */
const SHARES = {
  runFiles: 0.14,
  sealedRunFiles: 0.08,
  deepobs: 0.14,
  checkpoints: 0.14,
  sealedCheckpoints: 0.08,
  locks: 0.04,
  plans: 0.12,
  planTokens: 0.04,
  arguments: 0.06,
  // Of each of the three kinds of contents.
  idx: 0.013,
  cifar: 0.06,
  tar: 0.04,
  texts: 0.02,
  // Of each of the two kinds of measurements.
  measurements: 0.01,
} as const;

/** The cases of one target; the seed is printed with a case that fails, PROBPREC_TEST_SEED repeats it. */
export function casesOf(target: keyof typeof SHARES): fc.Parameters<unknown> {
  const seed = process.env.PROBPREC_TEST_SEED;
  const numRuns = Math.max(1, Math.round(TOTAL * SHARES[target]));
  return { numRuns, ...(seed === undefined ? {} : { seed: Number(seed) }) };
}

/** What stands in the place of a value in somebody's file. */
const PIECES = [
  ...['null', 'true', 'NaN', '-Infinity', '1e999', '-0', '1.5', '0x10', '1_000', '08', '9'.repeat(400)],
  ...['"x"', '""', '"\\u0000"', '"\u202e"', '"\\ud800"', '"__proto__"', '"constructor"', '"../../x"', '"/etc/passwd"'],
  ...['{}', '[]', '[[1]]', '{"a":1}', '{"float":"inf"}', '{"dict":{}}', '['.repeat(300), '{"a":'.repeat(300)],
  ...[
    '\\',
    '"',
    ',',
    ':',
    '\n',
    '\t',
    '- ',
    '&a ',
    '*a',
    '<<: ',
    '? ',
    '!!js/function ',
    '%',
    '#',
    '---\n',
    '\ufeff',
    '\u0000',
  ],
];

type TextEdit = {
  readonly kind: 'cut' | 'insert' | 'replace' | 'value' | 'twice';
  readonly at: number;
  readonly length: number;
  readonly piece: string;
};

const textEdit: fc.Arbitrary<TextEdit> = fc.record({
  kind: fc.constantFrom(
    'cut' as const,
    'insert' as const,
    'replace' as const,
    'value' as const,
    'value' as const,
    'twice' as const,
  ),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 1, max: 40 }),
  piece: fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 20, unit: 'binary' }), fc.double().map(String)),
});

function edited(text: string, { kind, at, length, piece }: TextEdit): string {
  const from = Math.floor(at * text.length);
  switch (kind) {
    case 'cut':
      return text.slice(0, from);
    case 'insert':
      return text.slice(0, from) + piece + text.slice(from);
    case 'replace':
      return text.slice(0, from) + piece + text.slice(from + length);
    case 'twice':
      return text.slice(0, from) + text.slice(from, from + length) + text.slice(from);
    case 'value': {
      const values = [...text.matchAll(/[:-]\s*("[^"]*"|[-\w.]+|\[[^[\]]*\]|\{[^{}]*\})/g)];
      const value = values[Math.floor(at * values.length)];
      if (value?.[1] === undefined) return text;
      const start = value.index + value[0].length - value[1].length;
      return text.slice(0, start) + piece + text.slice(start + value[1].length);
    }
  }
}

/** One of these texts with up to four edits; now and then any text at all. */
export function damagedText(...originals: readonly string[]): fc.Arbitrary<string> {
  const damaged = fc
    .tuple(fc.constantFrom(...originals), fc.array(textEdit, { minLength: 1, maxLength: 4 }))
    .map(([text, edits]) => edits.reduce(edited, text));
  return fc.oneof({ weight: 12, arbitrary: damaged }, { weight: 1, arbitrary: fc.string({ unit: 'binary' }) });
}

type ByteEdit = {
  readonly kind: 'bit' | 'byte' | 'cut' | 'insert' | 'zeros';
  readonly at: number;
  readonly value: number;
  readonly bytes: Uint8Array;
};

const byteEdit: fc.Arbitrary<ByteEdit> = fc.record({
  kind: fc.constantFrom(
    'bit' as const,
    'bit' as const,
    'byte' as const,
    'cut' as const,
    'insert' as const,
    'zeros' as const,
  ),
  // Headers come first and are read most carefully.
  at: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 0.05, noNaN: true })),
  value: fc.integer({ min: 0, max: 255 }),
  bytes: fc.uint8Array({ maxLength: 600 }),
});

function editedBytes(bytes: Uint8Array, { kind, at, value, bytes: more }: ByteEdit): Uint8Array {
  const from = Math.min(bytes.length - 1, Math.floor(at * bytes.length));
  const copy = Uint8Array.from(bytes);
  switch (kind) {
    case 'bit':
      copy[from] = (copy[from] ?? 0) ^ (1 << (value % 8));
      return copy;
    case 'byte':
      copy[from] = value;
      return copy;
    case 'zeros':
      return copy.fill(0, from, from + value);
    case 'cut':
      return copy.slice(0, from);
    case 'insert':
      return Uint8Array.from([...copy.subarray(0, from), ...more, ...copy.subarray(from)]);
  }
}

/** These bytes with up to three edits; now and then any bytes at all. */
export function damagedBytes(original: Uint8Array): fc.Arbitrary<Uint8Array> {
  const damaged = fc
    .array(byteEdit, { minLength: 1, maxLength: 3 })
    .map((edits) => edits.reduce((bytes, edit) => (bytes.length === 0 ? bytes : editedBytes(bytes, edit)), original));
  return fc.oneof({ weight: 12, arbitrary: damaged }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 2000 }) });
}

/** A message that a terminal can show: one line without control characters and reversals of the writing's direction. */
export const oneLine = /^[^\p{Cc}\u202a-\u202e\u2066-\u2069]+$/u;
