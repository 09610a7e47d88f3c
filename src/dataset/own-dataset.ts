import { createHash } from 'node:crypto';
import { isAbsolute, join, normalize } from 'node:path';
import { ConfigurationError, DataError } from '../errors.js';
import { readRegularFile } from '../regular-file.js';
import { option, say } from '../words.js';
import type { Dataset, FileRecord, SplitSizes } from './dataset.js';
import type { DatasetDeclaration } from './dataset-declaration.js';
import type { OwnOpenOptions } from './definition.js';
import {
  type ExampleForm,
  exampleTable,
  type LoadContext,
  type LoadedParts,
  type Part,
  tablesChecksum,
} from './example-table.js';
import { OTHER_DATA } from './other-data.js';
import { syntheticExamples, syntheticStream } from './synthetic-examples.js';
import { type ExampleTables, splitTables } from './table-split.js';

/** Bytes; larger files do not fit into one array, and the examples are held in memory anyway. */
const LONGEST_FILE = 2 ** 31 - 1;

/** A data set's facts as `defineDataset` has checked them. */
interface Facts extends ExampleForm {
  readonly name: string;
  readonly sizes: SplitSizes;
}

/** Loads a data set that somebody defined, or makes its synthetic examples, and holds it in memory. */
export async function openOwnDataset(
  facts: Facts,
  declaration: Pick<DatasetDeclaration, 'load' | 'synthetic'>,
  { dataDir, syntheticSize }: OwnOpenOptions,
): Promise<Dataset> {
  const { name, shape, classes } = facts;
  const sizes = syntheticSize === null ? facts.sizes : scaledSizes(facts.sizes, syntheticSize);
  const files: FileRecord[] = [];
  const parts =
    syntheticSize === null
      ? await declaration.load(loadContext(name, dataDir, files))
      : synthetic(facts, declaration, sizes);
  const tables = checked(facts, parts, sizes);
  const { train, valid, test } = tables;
  return {
    name,
    shape,
    classes,
    sizes,
    record: {
      name,
      source: syntheticSize === null ? 'real' : 'synthetic',
      // Nobody has published what it should be; so its checksum is what tells one state of it from another.
      verified: syntheticSize !== null,
      checksum: tablesChecksum(valid === null ? [train, test] : [train, valid, test]),
      files,
      syntheticSize,
    },
    split: (seed, protocol) => splitTables(tables, sizes, seed, protocol),
  };
}

/**
 * Sizes of the parts when training and validation examples are `size` together: all in the same proportions, at least one
 * example each. Throws ConfigurationError for fewer than three.
 */
export function scaledSizes(sizes: SplitSizes, size: number): SplitSizes {
  const whole = sizes.train + sizes.valid;
  if (size < 3) {
    throw new ConfigurationError({
      subject: option('synthetic_size'),
      found: String(size),
      expected: 'a whole number from 3 on',
    });
  }
  const scale = (part: number) => Math.max(1, Math.round((part * size) / whole));
  const valid = Math.min(scale(sizes.valid), size - 1);
  const train = size - valid;
  return { train, valid, trainEval: Math.min(scale(sizes.trainEval), train), test: scale(sizes.test) };
}

function synthetic(facts: Facts, { synthetic: own }: Pick<DatasetDeclaration, 'synthetic'>, sizes: SplitSizes) {
  const examples = (part: Part, count: number) => {
    const asked = { part, count, random: syntheticStream(facts.name, part) };
    return own === undefined ? syntheticExamples(facts.name, facts, asked) : own(asked);
  };
  return { train: examples('train', sizes.train + sizes.valid), test: examples('test', sizes.test) };
}

function checked(facts: Facts, parts: LoadedParts, sizes: SplitSizes): ExampleTables {
  if (typeof parts !== 'object' || parts === null) {
    throw new ConfigurationError({
      what: 'load gives no parts',
      expected: '{ train, test } or { train, valid, test }',
    });
  }
  const held = parts.valid === undefined ? sizes.valid : 0;
  return {
    train: exampleTable(facts, 'train', parts.train, sizes.train + held),
    valid: parts.valid === undefined ? null : exampleTable(facts, 'valid', parts.valid, sizes.valid),
    test: exampleTable(facts, 'test', parts.test, sizes.test),
  };
}

function loadContext(name: string, dataDir: string, files: FileRecord[]): LoadContext {
  return {
    dataDir,
    async read(path) {
      const below = normalize(path);
      if (isAbsolute(below) || below.startsWith('..')) {
        throw new ConfigurationError({ subject: `read('${path}')`, what: 'expected a path below the data directory' });
      }
      const where = join(dataDir, below);
      const { content } = await readRegularFile(where, { most: LONGEST_FILE }).catch((cause: unknown) => {
        const { code, message } = cause as NodeJS.ErrnoException;
        const reason = code === 'ENOENT' ? 'no such file' : `it cannot be read (${message})`;
        throw new DataError(
          { subject: `data set ${name}: ${where}`, what: reason, remedy: say`put it there, ${OTHER_DATA}` },
          { cause },
        );
      });
      const md5 = createHash('md5').update(content).digest('hex');
      files.push({ path: below, md5, published: false });
      return content;
    },
  };
}
