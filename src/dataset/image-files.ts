import { DataError } from '../errors.js';
import { say, type Words } from '../words.js';
import type { ContentDefinition, ImageDatasetDefinition, RecordLabel } from './definition.js';
import { type ImageTable, type ImageTables, imageSize } from './image-table.js';
import { OTHER_FOLDER } from './other-data.js';
import type { Content } from './read-file.js';

const IDX_IMAGES = 0x803;
const IDX_LABELS = 0x801;

/** Bytes that a content must have. */
export function contentSize(definition: ImageDatasetDefinition, content: ContentDefinition): number {
  const { holds, count } = content;
  const image = imageSize(definition.image);
  if (holds === 'images') return 16 + count * image;
  if (holds === 'labels') return 8 + count;
  return count * (labelsOf(definition, content).length + image);
}

/** The labels of one record; the last one is the class. */
export function labelsOf({ classes }: ImageDatasetDefinition, { labels }: ContentDefinition): readonly RecordLabel[] {
  return labels ?? [{ key: 'labels', classes }];
}

/** What to do about a file that is not right, for the end of a message. */
export function remedyFor({ name }: { readonly name: string }): Words {
  return say`delete it and run \`probprec data fetch ${name}\`, ${OTHER_FOLDER}`;
}

/** Checks one content's structure: magic number, sizes, length, label range. Throws DataError naming file and fault. */
export function checkContent(definition: ImageDatasetDefinition, content: ContentDefinition, read: Content): void {
  const { bytes, size: found } = read;
  const fail = (found: string, expected: string): never => {
    throw new DataError({ subject: read.where, found, expected, remedy: remedyFor(definition) });
  };
  if (content.holds !== 'records') checkIdxHeader(definition, content, bytes, fail);
  const size = contentSize(definition, content);
  if (found === null || found > size)
    fail(found === null ? `more than ${size} bytes` : `${found} bytes`, `exactly ${size}`);
  if (bytes.length < size) fail(`${bytes.length} bytes`, `${size}: the file is too short`);
  checkLabels(definition, content, bytes, fail);
}

type Fail = (found: string, expected: string) => never;

function checkIdxHeader(
  { image }: ImageDatasetDefinition,
  { holds, count }: ContentDefinition,
  bytes: Uint8Array,
  fail: Fail,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = holds === 'images' ? IDX_IMAGES : IDX_LABELS;
  const sizes = holds === 'images' ? [count, image.height, image.width] : [count];
  if (bytes.length < 4 + 4 * sizes.length) {
    fail(`${bytes.length} bytes`, `a header of ${4 + 4 * sizes.length} bytes: the file is too short`);
  }
  const found = view.getUint32(0);
  if (found !== magic) fail(`the magic number ${hex(found)}`, `${hex(magic)} (IDX ${holds})`);
  const foundSizes = sizes.map((_, i) => view.getUint32(4 + 4 * i));
  if (foundSizes.join() !== sizes.join()) fail(`the size ${foundSizes.join('×')}`, sizes.join('×'));
}

function checkLabels(
  definition: ImageDatasetDefinition,
  content: ContentDefinition,
  bytes: Uint8Array,
  fail: Fail,
): void {
  if (content.holds === 'images') return;
  const records = content.holds === 'records';
  const labels = labelsOf(definition, content);
  const step = records ? labels.length + imageSize(definition.image) : 1;
  for (const [place, { classes }] of labels.entries()) {
    for (let i = (records ? 0 : 8) + place; i < bytes.length; i += step) {
      const label = bytes[i] as number;
      if (label >= classes) fail(`the label ${label} at byte ${i}`, `labels from 0 to ${classes - 1}`);
    }
  }
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

/** The training and test tables of checked contents. IDX data are not copied. */
export function imageTables(definition: ImageDatasetDefinition, contents: ReadonlyMap<string, Content>): ImageTables {
  return {
    train: tableOf(definition, 'train', contents),
    test: tableOf(definition, 'test', contents),
  };
}

function tableOf(
  definition: ImageDatasetDefinition,
  part: ContentDefinition['part'],
  contents: ReadonlyMap<string, Content>,
): ImageTable {
  const shape = definition.image;
  const size = imageSize(shape);
  const chosen = definition.contents.filter((content) => content.part === part);
  const bytesOf = ({ name }: ContentDefinition): Uint8Array => contents.get(name)?.bytes ?? new Uint8Array(0);
  const images = chosen.find(({ holds }) => holds === 'images');
  const labels = chosen.find(({ holds }) => holds === 'labels');
  if (images !== undefined && labels !== undefined) {
    return { shape, pixels: bytesOf(images).subarray(16), labels: bytesOf(labels).subarray(8) };
  }
  const count = chosen.reduce((sum, content) => sum + content.count, 0);
  const table = { shape, pixels: new Uint8Array(count * size), labels: new Uint8Array(count) };
  let image = 0;
  for (const content of chosen) {
    const records = bytesOf(content);
    const before = labelsOf(definition, content).length;
    for (let at = before; at < records.length; at += before + size) {
      table.labels[image] = records[at - 1] as number;
      table.pixels.set(records.subarray(at, at + size), image * size);
      image += 1;
    }
  }
  return table;
}
