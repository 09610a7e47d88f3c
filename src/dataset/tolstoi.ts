import { createHash } from 'node:crypto';
import { DataError } from '../errors.js';
import type { TextDatasetDefinition } from './definition.js';
import { remedyFor } from './image-files.js';

const FILE = 'war-and-peace.txt';
const MD5 = '80737bfbfc7e820768045ac8cf654c0c';
/** SHA-256 of the text that DeepOBS' script leaves. */
const CUT_SHA256 = '48b5030ae673ac66db6e46c0915c04a8c18e0c83367a5836b2bae53154f339e4';
/** What the script deletes, one after the other: first and last line, counted from 1 in the text as the step before left it. */
const DELETED = [
  [1, 29],
  [5, 775],
  [63_850, 64_207],
] as const;
const TRAIN = 1_959_711;
const TEST = 653_237;

/**
 * Tolstoy's War and Peace in English, character by character, as DeepOBS' script prepares it from this file: the same lines
 * deleted, carriage returns and line feeds kept; 83 different characters, numbered by falling frequency, ties in the order of
 * first appearance. The last fifth is for testing, the first quarter of the rest for validation, as in DeepOBS' later version.
 */
export const tolstoi: TextDatasetDefinition = {
  kind: 'text',
  name: 'tolstoi',
  title: 'War and Peace',
  description: 'War and Peace, character by character in sequences of 50, 83 characters',
  shape: [50],
  inputType: 'int',
  vocabulary: 83,
  classes: 83,
  labelShape: [50],
  sizes: sequences({ train: TRAIN, valid: TEST, test: TEST }),
  files: [
    {
      path: `tolstoi/${FILE}`,
      size: 3_291_641,
      md5: MD5,
      urls: [
        `https://raw.githubusercontent.com/AllenDowney/fluent-python-notebooks/master/attic/sequences/${FILE}`,
        `https://github.com/AllenDowney/fluent-python-notebooks/raw/master/attic/sequences/${FILE}`,
      ],
    },
  ],
  places: [`tolstoi/${FILE}`, FILE].map((path) => ({ path, md5: MD5 })),
  parts: (bytes, where) => {
    const text = cut(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
    if (createHash('sha256').update(text).digest('hex') !== CUT_SHA256) {
      throw new DataError({
        subject: where,
        found: 'another text',
        expected: 'the edition of War and Peace that DeepOBS cuts',
        remedy: remedyFor({ name: 'tolstoi' }),
      });
    }
    const numbers = numbered(text);
    const [validEnd, trainEnd] = [TEST, TEST + TRAIN];
    return {
      train: numbers.subarray(validEnd, trainEnd),
      valid: numbers.subarray(0, validEnd),
      test: numbers.subarray(trainEnd),
    };
  },
};

/** Complete sequences of 50 characters with a character after each. */
function sequences({ train, valid, test }: Readonly<Record<'train' | 'valid' | 'test', number>>) {
  const count = (characters: number) => Math.floor((characters - 1) / 50);
  return { train: count(train), valid: count(valid), trainEval: count(valid), test: count(test) };
}

/** The text without the lines that the script deletes. */
function cut(text: string): string {
  let lines = text.split(/(?<=\n)/);
  for (const [first, last] of DELETED) lines = lines.filter((_, index) => index < first - 1 || index >= last);
  return lines.join('');
}

/** Each character's place in the list of characters by falling frequency; sorting keeps the order of first appearance. */
function numbered(text: string): Int32Array {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const order = [...counts].sort(([, left], [, right]) => right - left);
  const places = new Map(order.map(([character], place) => [character, place]));
  return Int32Array.from(text, (character) => places.get(character) ?? 0);
}
