import { FormatError } from './format-error.js';

/**
 * What a pickle can hold here: None, numbers, byte strings (as views of the file), lists, tuples, dictionaries with byte
 * strings as keys (here as Latin-1 text), and the three things of NumPy that make an array of bytes.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | Uint8Array
  | PickleValue[]
  | PickleTuple
  | ReadonlyMap<string, PickleValue>
  | ByteArray
  | NumpyName
  | typeof BYTE_TYPE;

/** A Python tuple. */
export class PickleTuple {
  readonly items: readonly PickleValue[];

  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** A NumPy array of unsigned bytes in C order; empty until its state has been read. */
export class ByteArray {
  shape: readonly number[] = [0];
  bytes: Uint8Array = new Uint8Array(0);
}

/** Bytes that are no pickle, or one that holds something else than image batches do. The message says what, not where. */
export class PickleError extends FormatError {
  override readonly name = 'PickleError';
}

/** A function or class of NumPy, known by its name only: nothing is ever looked up or called. */
class NumpyName {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }
}

const RECONSTRUCT = 'numpy.core.multiarray._reconstruct';
const NDARRAY = 'numpy.ndarray';
const DTYPE = 'numpy.dtype';
const BYTE_TYPE = Symbol('uint8');
const MARK = Symbol('mark');
/** States that are read: an array has two, its own and its type's. Each may copy the whole file. */
const MOST_BUILDS = 4;
/** Characters of a key or a name. */
const LONGEST_TEXT = 100;

/**
 * Reads a pickle of protocol 2 as Python 2's cPickle wrote the batches of CIFAR-10 and CIFAR-100 (opcodes: CPython's
 * Lib/pickletools.py). It interprets only the opcodes in those files and knows three names, `numpy.ndarray`, `numpy.dtype`
 * and the function that makes an empty array; everything else is refused. No code runs, whatever the file says. `mostSteps`
 * bounds time and memory. Throws PickleError.
 */
export function readPickle(bytes: Uint8Array, mostSteps: number): PickleValue {
  return new Interpreter(bytes).run(mostSteps);
}

class Interpreter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #stack: (PickleValue | typeof MARK)[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #at = 0;
  #builds = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(mostSteps: number): PickleValue {
    if (this.#bytes[0] !== 0x80) throw new PickleError('not a pickle of protocol 2');
    for (let step = 0; step < mostSteps; step++) {
      const at = this.#at;
      const opcode = this.#word(1);
      if (opcode === 0x2e /* STOP */) return this.#stop();
      const known = this.#push(opcode) || this.#collect(opcode) || this.#remember(opcode) || this.#construct(opcode);
      if (!known) throw new PickleError(`opcode ${hex(opcode)} at byte ${at}, which the published files do not use`);
    }
    throw new PickleError(`more than ${mostSteps} opcodes, more than the published files have`);
  }

  #stop(): PickleValue {
    const result = this.#pop();
    if (this.#stack.length > 0) throw new PickleError('more than one object');
    const more = this.#bytes.length - this.#at;
    if (more > 0) throw new PickleError(`${more} bytes after the pickle's end`);
    return result;
  }

  /** Opcodes that push a value. */
  #push(opcode: number): boolean {
    switch (opcode) {
      case 0x80: // PROTO
        if (this.#word(1) !== 2) throw new PickleError('another protocol than 2');
        return true;
      case 0x4e: // NONE
        this.#stack.push(null);
        return true;
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        this.#stack.push(opcode === 0x88);
        return true;
      case 0x4b: // BININT1
        this.#stack.push(this.#word(1));
        return true;
      case 0x4d: // BININT2
        this.#stack.push(this.#word(2));
        return true;
      case 0x4a: // BININT
        this.#stack.push(this.#word(4) | 0);
        return true;
      case 0x55: // SHORT_BINSTRING
        this.#stack.push(this.#take(this.#word(1)));
        return true;
      case 0x54: // BINSTRING
        this.#stack.push(this.#take(this.#word(4)));
        return true;
      case 0x7d: // EMPTY_DICT
        this.#stack.push(new Map());
        return true;
      case 0x5d: // EMPTY_LIST
        this.#stack.push([]);
        return true;
      case 0x28: // MARK
        this.#stack.push(MARK);
        return true;
      default:
        return false;
    }
  }

  /** Opcodes that put values together. */
  #collect(opcode: number): boolean {
    switch (opcode) {
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        this.#stack.push(new PickleTuple(this.#popMany(opcode - 0x84)));
        return true;
      case 0x74: // TUPLE
        this.#stack.push(new PickleTuple(this.#popToMark()));
        return true;
      case 0x61: // APPEND
        this.#append(this.#popMany(1));
        return true;
      case 0x65: // APPENDS
        this.#append(this.#popToMark());
        return true;
      case 0x73: // SETITEM
        this.#set(this.#popMany(2));
        return true;
      case 0x75: // SETITEMS
        this.#set(this.#popToMark());
        return true;
      default:
        return false;
    }
  }

  /** Opcodes of the memo. */
  #remember(opcode: number): boolean {
    switch (opcode) {
      case 0x71: // BINPUT
        this.#memo.set(this.#word(1), this.#top());
        return true;
      case 0x72: // LONG_BINPUT
        this.#memo.set(this.#word(4), this.#top());
        return true;
      case 0x68: // BINGET
        this.#stack.push(this.#recall(this.#word(1)));
        return true;
      case 0x6a: // LONG_BINGET
        this.#stack.push(this.#recall(this.#word(4)));
        return true;
      default:
        return false;
    }
  }

  /** Opcodes that make an object in Python: here the one kind of object that there is. */
  #construct(opcode: number): boolean {
    switch (opcode) {
      case 0x63: // GLOBAL
        this.#stack.push(this.#name());
        return true;
      case 0x52: // REDUCE
        this.#stack.push(call(...this.#pair()));
        return true;
      case 0x62: // BUILD
        this.#builds += 1;
        if (this.#builds > MOST_BUILDS) throw new PickleError('more arrays than the published files have');
        build(this.#pair());
        return true;
      default:
        return false;
    }
  }

  #name(): NumpyName {
    const path = `${this.#line()}.${this.#line()}`;
    if (path !== RECONSTRUCT && path !== NDARRAY && path !== DTYPE) {
      throw new PickleError(`the name ${JSON.stringify(path)}, which the published files do not use`);
    }
    return new NumpyName(path);
  }

  #line(): string {
    const end = this.#bytes.subarray(this.#at, this.#at + LONGEST_TEXT).indexOf(10);
    if (end < 0) throw new PickleError('a name without end');
    const line = latin1(this.#take(end));
    this.#at += 1;
    return line;
  }

  /** The two topmost values; the lower one stays for BUILD and is replaced for REDUCE. */
  #pair(): [PickleValue, PickleValue] {
    const above = this.#pop();
    const below = this.#pop();
    if (below instanceof ByteArray || below === BYTE_TYPE) this.#stack.push(below);
    return [below, above];
  }

  #append(items: readonly PickleValue[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw new PickleError('items for something that is no list');
    for (const item of items) list.push(item);
  }

  #set(items: readonly PickleValue[]): void {
    const dictionary = this.#top();
    if (!(dictionary instanceof Map) || items.length % 2 !== 0) throw new PickleError('keys for no dictionary');
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i];
      if (!(key instanceof Uint8Array)) throw new PickleError('a key that is no byte string');
      dictionary.set(latin1(key), items[i + 1]);
    }
  }

  #recall(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined) throw new PickleError(`a reference to ${index}, which does not exist`);
    return value;
  }

  #top(): PickleValue {
    const value = this.#pop();
    this.#stack.push(value);
    return value;
  }

  #pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined || value === MARK) throw new PickleError('too few values');
    return value;
  }

  #popMany(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.#pop()).reverse();
  }

  #popToMark(): PickleValue[] {
    const values: PickleValue[] = [];
    for (;;) {
      const value = this.#stack.pop();
      if (value === undefined) throw new PickleError('too few values');
      if (value === MARK) return values.reverse();
      values.push(value);
    }
  }

  /** A little-endian number. */
  #word(length: 1 | 2 | 4): number {
    if (this.#at + length > this.#bytes.length) throw new PickleError('the pickle ends too early');
    const at = this.#at;
    this.#at += length;
    if (length === 1) return this.#view.getUint8(at);
    return length === 2 ? this.#view.getUint16(at, true) : this.#view.getUint32(at, true);
  }

  #take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw new PickleError('the pickle ends too early');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

/** What calling `name` gives: an empty array, or the type of its elements. */
function call(name: PickleValue, args: PickleValue): ByteArray | typeof BYTE_TYPE {
  const items = args instanceof PickleTuple ? args.items : [];
  const [first] = items;
  if (name instanceof NumpyName && name.path === RECONSTRUCT && first instanceof NumpyName && first.path === NDARRAY) {
    return new ByteArray();
  }
  if (name instanceof NumpyName && name.path === DTYPE && first instanceof Uint8Array) {
    const type = latin1(first);
    if (type !== 'u1') throw new PickleError(`an array of type ${JSON.stringify(type)}, expected u1 (bytes)`);
    return BYTE_TYPE;
  }
  throw new PickleError('a call that the published files do not have');
}

/** The state of an array is (1, shape, type, Fortran order, bytes); that of its type says nothing new. */
function build([object, state]: readonly [PickleValue, PickleValue]): void {
  const items = state instanceof PickleTuple ? state.items : [];
  if (object === BYTE_TYPE && items.length > 0) return;
  const [version, shape, type, fortran, bytes] = items;
  const sizes = shape instanceof PickleTuple ? shape.items.filter((size) => typeof size === 'number') : [];
  if (!(object instanceof ByteArray) || version !== 1 || type !== BYTE_TYPE || !(bytes instanceof Uint8Array)) {
    throw new PickleError('an array that is not made as in the published files');
  }
  if (sizes.some((size) => size < 0) || sizes.reduce((product, size) => product * size, 1) !== bytes.length) {
    throw new PickleError(`an array of ${bytes.length} bytes, expected ${sizes.join('×')}`);
  }
  object.shape = sizes;
  object.bytes = fortran === true ? inRows(bytes, sizes) : bytes;
}

/** A matrix that lies in columns (Fortran order) in rows (C order). */
function inRows(bytes: Uint8Array, sizes: readonly number[]): Uint8Array {
  const [rows = 0, columns = 0] = sizes;
  if (sizes.length !== 2) throw new PickleError(`an array with ${sizes.length} dimensions, expected 2`);
  const turned = new Uint8Array(bytes.length);
  for (let i = 0, to = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) turned[to++] = bytes[j * rows + i] as number;
  }
  return turned;
}

function latin1(bytes: Uint8Array): string {
  if (bytes.length > LONGEST_TEXT) throw new PickleError(`a key or name of ${bytes.length} bytes`);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function hex(opcode: number): string {
  return `0x${opcode.toString(16).padStart(2, '0')}`;
}
