import { inflateSync } from 'node:zlib';
import { FormatError } from './format-error.js';

/** Bytes that are no MATLAB 5 file, or one that holds something else than labelled images do. */
export class MatFileError extends FormatError {
  override readonly name = 'MatFileError';
}

/** An array of a MATLAB file: whole numbers from 0 to 255, the first index fastest. */
export interface MatArray {
  readonly sizes: readonly number[];
  readonly bytes: Uint8Array;
}

/** The most that a file may hold. */
export interface MatLimits {
  /** Names of the arrays that are wanted, each with the most elements that it may have. */
  readonly wanted: ReadonlyMap<string, number>;
}

const HEADER = 128;
const TAG = 8;
/** Data types (MathWorks, MAT-File Format, table 1-1): bytes of one element, and how to read one. */
const NUMBERS: ReadonlyMap<number, readonly [size: number, read: (view: DataView, at: number) => number]> = new Map([
  [1, [1, (view: DataView, at: number) => view.getInt8(at)]],
  [2, [1, (view: DataView, at: number) => view.getUint8(at)]],
  [3, [2, (view: DataView, at: number) => view.getInt16(at, true)]],
  [4, [2, (view: DataView, at: number) => view.getUint16(at, true)]],
  [5, [4, (view: DataView, at: number) => view.getInt32(at, true)]],
  [6, [4, (view: DataView, at: number) => view.getUint32(at, true)]],
  [7, [4, (view: DataView, at: number) => view.getFloat32(at, true)]],
  [9, [8, (view: DataView, at: number) => view.getFloat64(at, true)]],
]);
const INT8 = 1;
const UINT8 = 2;
const INT32 = 5;
const UINT32 = 6;
const MATRIX = 14;
const COMPRESSED = 15;
/** Array classes that hold numbers: double, single and the integers of 8 to 32 bits. */
const FIRST_NUMERIC = 6;
const LAST_NUMERIC = 13;
const COMPLEX = 0x08;
/** What an array has besides its numbers: tags, flags, sizes and name. */
const OVERHEAD = 1024;
const MOST_ARRAYS = 16;

/**
 * The wanted arrays of a little-endian MATLAB 5 file (MathWorks, MAT-File Format, level 5), packed with zlib or not, as MATLAB's
 * `save -v7` and SciPy write them. Arrays that are not wanted are passed over. Nothing is unpacked beyond what the wanted
 * arrays may have. Throws MatFileError.
 */
export function readMatFile(bytes: Uint8Array, { wanted }: MatLimits): ReadonlyMap<string, MatArray> {
  checkHeader(bytes);
  const most = 8 * Math.max(0, ...wanted.values()) + OVERHEAD;
  const arrays = new Map<string, MatArray>();
  let at = HEADER;
  for (let element = 0; at < bytes.length; element++) {
    if (element >= MOST_ARRAYS) throw new MatFileError(`more than ${MOST_ARRAYS} arrays`);
    const { type, data, end } = elementAt(bytes, at, false);
    at = end;
    const matrix = type === COMPRESSED ? unpacked(data, most) : { type, data };
    if (matrix.type !== MATRIX) throw new MatFileError(`an element of type ${matrix.type}, expected an array`);
    const array = arrayOf(matrix.data, wanted);
    if (array === null) continue;
    if (arrays.has(array.name)) throw new MatFileError(`the array ${array.name} twice`);
    arrays.set(array.name, array);
  }
  return arrays;
}

function checkHeader(bytes: Uint8Array): void {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEADER)).toString('latin1');
  if (start.startsWith('MATLAB 7.3') || start.startsWith('\x89HDF')) {
    throw new MatFileError('a MATLAB 7.3 file (HDF5), expected version 5');
  }
  if (bytes.length < HEADER) throw new MatFileError(`${bytes.length} bytes, expected a header of ${HEADER}`);
  const mark = start.slice(126, 128);
  if (mark === 'MI') throw new MatFileError('a big-endian MATLAB file, expected a little-endian one');
  const version = viewOf(bytes).getUint16(124, true);
  if (mark !== 'IM' || version !== 0x0100) throw new MatFileError('no MATLAB 5 file');
}

interface Element {
  readonly type: number;
  readonly data: Uint8Array;
  /** Where the next element begins. */
  readonly end: number;
}

/** The element at a place: its data type and its bytes; small ones have them within the tag. */
function elementAt(bytes: Uint8Array, at: number, padded: boolean): Element {
  if (at + TAG > bytes.length) throw new MatFileError('the file ends within an element');
  const view = viewOf(bytes);
  const word = view.getUint32(at, true);
  if (word > 0xffff) {
    const size = word >>> 16;
    if (size > 4) throw new MatFileError(`a small element of ${size} bytes, expected at most 4`);
    return { type: word & 0xffff, data: bytes.subarray(at + 4, at + 4 + size), end: at + TAG };
  }
  const size = view.getUint32(at + 4, true);
  if (size > bytes.length - at - TAG) throw new MatFileError('the file ends within an element');
  const data = bytes.subarray(at + TAG, at + TAG + size);
  // Elements are padded to multiples of 8 bytes, but for packed ones.
  const end = at + TAG + size + (padded || word !== COMPRESSED ? (8 - (size % 8)) % 8 : 0);
  return { type: word, data, end };
}

function unpacked(data: Uint8Array, most: number): Pick<Element, 'type' | 'data'> {
  let whole: Uint8Array;
  try {
    whole = inflateSync(data, { maxOutputLength: most });
  } catch (error) {
    const long = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    throw new MatFileError(long ? 'an array that unpacks to more bytes than expected' : 'packed data that are damaged');
  }
  return elementAt(whole, 0, true);
}

function arrayOf(
  matrix: Uint8Array,
  wanted: ReadonlyMap<string, number>,
): (MatArray & { readonly name: string }) | null {
  const flags = elementAt(matrix, 0, true);
  const sizes = elementAt(matrix, flags.end, true);
  const label = elementAt(matrix, sizes.end, true);
  if (flags.type !== UINT32 || flags.data.length !== 8 || sizes.type !== INT32 || label.type !== INT8) {
    throw new MatFileError('an array without flags, sizes or name');
  }
  const name = Buffer.from(label.data).toString('latin1');
  const most = wanted.get(name);
  if (most === undefined) return null;
  const word = viewOf(flags.data).getUint32(0, true);
  const kind = word & 0xff;
  if (kind < FIRST_NUMERIC || kind > LAST_NUMERIC || ((word >>> 8) & COMPLEX) !== 0) {
    throw new MatFileError(`the array ${name} of class ${kind}, expected real numbers`);
  }
  const extents = Array.from({ length: Math.floor(sizes.data.length / 4) }, (_, axis) =>
    viewOf(sizes.data).getInt32(4 * axis, true),
  );
  const count = extents.reduce((product, size) => product * size, 1);
  if (extents.length < 2 || extents.some((size) => size < 0) || count > most) {
    throw new MatFileError(`the array ${name} of size ${extents.join('×')}, expected at most ${most} elements`);
  }
  return { name, sizes: extents, bytes: bytesOf(name, elementAt(matrix, label.end, true), count) };
}

/** The numbers of an array, however they are stored: MATLAB stores whole numbers in the smallest type that holds them. */
function bytesOf(name: string, { type, data }: Element, count: number): Uint8Array {
  const number = NUMBERS.get(type);
  if (number === undefined) throw new MatFileError(`the array ${name} with data of type ${type}, expected numbers`);
  const [size, read] = number;
  if (data.length !== size * count) {
    throw new MatFileError(`the array ${name} with ${data.length} bytes of data, expected ${size * count}`);
  }
  if (type === UINT8) return data;
  const view = viewOf(data);
  return Uint8Array.from({ length: count }, (_, index) => {
    const value = read(view, index * size);
    if (Number.isInteger(value) && value >= 0 && value <= 255) return value;
    throw new MatFileError(`the array ${name} with the value ${value}, expected whole numbers from 0 to 255`);
  });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
