import { createHash } from 'node:crypto';
import { ConfigurationError, DataError } from '../errors.js';
import { option, say } from '../words.js';
import type { Dataset, DatasetRecord, SplitSizes } from './dataset.js';
import type { DatasetDefinition, ImageDatasetDefinition, TextDatasetDefinition } from './definition.js';
import { FetchError } from './download/download.js';
import { type FetchOptions, fetchDataset } from './fetch.js';
import { splitImages } from './image-split.js';
import type { ImageTables } from './image-table.js';
import { loadImages, nameOf } from './load.js';
import { type LocatedFile, locate, missingFiles } from './locate.js';
import { OTHER_DATA } from './other-data.js';
import { scaledSizes } from './own-dataset.js';
import { datasetDefinition } from './registry.js';
import { syntheticImages } from './synthetic.js';
import { openSyntheticText, openText } from './text-files.js';

/** How to open a data set. */
export interface OpenOptions extends FetchOptions {
  readonly dataDir: string;
  readonly source: 'real' | 'synthetic';
  /** Images in the synthetic training file; the real size if absent. Ignored by real and generated data. */
  readonly syntheticSize?: number | undefined;
  /** Download files that are missing. */
  readonly fetch: boolean;
}

const SMALLEST_SYNTHETIC = 60;
const LARGEST_SYNTHETIC = 1_000_000;

/**
 * Opens a data set, by its name or its definition, and holds it in memory. Throws ConfigurationError for an unknown name or synthetic size, DataError if
 * files are missing (and cannot be fetched), unreadable, truncated or corrupt. A file of the right structure whose MD5
 * is not the published one is used; the record then says `verified: false`.
 */
export async function openDataset(dataset: string | DatasetDefinition, options: OpenOptions): Promise<Dataset> {
  const definition = typeof dataset === 'string' ? datasetDefinition(dataset) : dataset;
  if (definition.kind === 'generated') return definition.open();
  if (definition.kind === 'own') {
    const { train, valid } = definition.sizes;
    const syntheticSize = options.source === 'synthetic' ? (options.syntheticSize ?? train + valid) : null;
    return definition.open({ dataDir: options.dataDir, syntheticSize });
  }
  const { syntheticSize = definition.sizes.train + definition.sizes.valid } = options;
  if (options.source === 'synthetic') {
    checkSyntheticSize(syntheticSize);
    return definition.kind === 'text'
      ? openSyntheticText(definition, syntheticSize, syntheticSizes(syntheticSize, definition.sizes))
      : openSynthetic(definition, syntheticSize);
  }
  if (definition.kind === 'images') return openReal(definition, options);
  if (options.fetch) await fetchText(definition, options);
  return openText(definition, options.dataDir);
}

async function openReal(definition: ImageDatasetDefinition, options: OpenOptions): Promise<Dataset> {
  let located = await locate(definition, options.dataDir);
  if (missingFiles(located).length > 0 && options.fetch) {
    try {
      await fetchDataset(definition.name, options.dataDir, options);
    } catch (error) {
      if (!(error instanceof FetchError)) throw error;
      throw missingError(definition, options.dataDir, located, error);
    }
    located = await locate(definition, options.dataDir);
  }
  if (missingFiles(located).length > 0) throw missingError(definition, options.dataDir, located, null);
  const { tables, files, verified, checksum } = await loadImages(definition, options.dataDir, located);
  const { name } = definition;
  const record: DatasetRecord = { name, source: 'real', verified, checksum, files, syntheticSize: null };
  return imageDataset(definition, tables, definition.sizes, record);
}

/** One line, and short: what to download by hand, and where to put it, takes more room and is `data info`'s. */
function missingError(
  definition: ImageDatasetDefinition,
  dataDir: string,
  located: readonly LocatedFile[],
  cause: FetchError | null,
): DataError {
  const { name } = definition;
  const missing = missingFiles(located).map(nameOf);
  const what =
    missing.length === located.length ? `no files in ${dataDir}` : `missing ${missing.join(', ')} in ${dataDir}`;
  const fetching = cause === null ? '' : `; ${cause.message}`;
  const fetch =
    cause === null
      ? `\`probprec data fetch ${name}\` downloads them`
      : `\`probprec data info ${name}\` lists what to download by hand`;
  return new DataError(
    { subject: `data set ${name}`, what: `${what}${fetching}`, remedy: say`${fetch}, ${OTHER_DATA}` },
    { cause: cause ?? undefined },
  );
}

async function fetchText({ name }: TextDatasetDefinition, options: OpenOptions): Promise<void> {
  try {
    await fetchDataset(name, options.dataDir, options);
  } catch (error) {
    if (!(error instanceof FetchError)) throw error;
    throw new DataError(
      {
        subject: `data set ${name}`,
        what: `no files in ${options.dataDir}; ${error.message}`,
        remedy: say`\`probprec data info ${name}\` lists what to download by hand, ${OTHER_DATA}`,
      },
      { cause: error },
    );
  }
}

function checkSyntheticSize(size: number): void {
  if (!(Number.isInteger(size) && size >= SMALLEST_SYNTHETIC && size <= LARGEST_SYNTHETIC)) {
    throw new ConfigurationError({
      subject: option('synthetic_size'),
      found: String(size),
      expected: `a whole number from ${SMALLEST_SYNTHETIC} to ${LARGEST_SYNTHETIC}`,
    });
  }
}

function openSynthetic(definition: ImageDatasetDefinition, size: number): Dataset {
  const { name, image, classes, synthetic } = definition;
  const style = { ...synthetic, classes };
  const sizes = syntheticSizes(size, definition.sizes);
  const tables = {
    train: syntheticImages(name, 'train', image, style, size),
    test: syntheticImages(name, 'test', image, style, sizes.test),
  };
  const hash = createHash('sha256');
  for (const { pixels, labels } of [tables.train, tables.test]) hash.update(pixels).update(labels);
  const checksum = hash.digest('hex');
  const record: DatasetRecord = { name, source: 'synthetic', verified: true, checksum, files: [], syntheticSize: size };
  return imageDataset(definition, tables, sizes, record);
}

/**
 * Sizes of the parts when the training file has `size` images: the real share of them for validation, as many more for the
 * test file, at most the real numbers, which gives the real sizes for the real size of the training file.
 */
export function syntheticSizes(size: number, real: SplitSizes): SplitSizes {
  const valid = Math.min(real.valid, Math.floor((size * real.valid) / (real.train + real.valid)));
  const train = size - valid;
  return { train, valid, trainEval: Math.min(real.trainEval, train), test: valid };
}

/** Sizes of a data set's parts: the real ones, or those of synthetic examples, of which there are `syntheticSize`. */
export function sizesInForce(definition: DatasetDefinition, syntheticSize: number | null): SplitSizes {
  if (definition.kind === 'generated' || syntheticSize === null) return definition.sizes;
  return definition.kind === 'own'
    ? scaledSizes(definition.sizes, syntheticSize)
    : syntheticSizes(syntheticSize, definition.sizes);
}

function imageDataset(
  definition: ImageDatasetDefinition,
  tables: ImageTables,
  sizes: SplitSizes,
  record: DatasetRecord,
): Dataset {
  const { name, shape, classes, augmentation } = definition;
  const data = { tables, sizes, values: definition.pixelValues(), augmentation };
  return { name, record, shape, classes, sizes, split: (seed, protocol) => splitImages(data, seed, protocol) };
}
