/** A file of an archive: its name without folders, the size that its header states, and its first bytes. */
export interface TarEntry {
  readonly name: string;
  readonly size: number;
  readonly bytes: Uint8Array;
}

/** Bytes that are no tar archive, or one that is cut off or too long. The message says what is wrong, not where. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
}

/** What to take out of an archive, and how long it may be. */
export interface TarLimits {
  /** Names of the files that are wanted, each with the most bytes to keep of it. */
  readonly wanted: ReadonlyMap<string, number>;
  /** The most bytes that the archive may have, unpacked. */
  readonly most: number;
}

const BLOCK = 512;

/**
 * The wanted files of an unpacked tar archive (POSIX 1003.1 ustar, and GNU's and pax' as far as their headers are the same),
 * in its order. Everything else is passed over: nothing is ever written, and links lead nowhere. Memory: the wanted bytes.
 * The archive is read to its end or to `limits.most`. Throws ArchiveError.
 */
export async function* tarEntries(chunks: AsyncIterable<Uint8Array>, limits: TarLimits): AsyncGenerator<TarEntry> {
  const source = new Source(chunks, limits.most);
  const header = new Uint8Array(BLOCK);
  for (;;) {
    const got = await source.read(header);
    if (got === 0 || (got === BLOCK && header.every((byte) => byte === 0))) break;
    if (got < BLOCK || !hasRightChecksum(header)) throw new ArchiveError('not a tar archive, or a damaged one');
    const { name, size, isFile } = parse(header);
    const most = isFile ? limits.wanted.get(name) : undefined;
    let rest = size;
    if (most !== undefined) {
      const bytes = new Uint8Array(Math.min(size, most));
      if ((await source.read(bytes)) < bytes.length) throw new ArchiveError(`the archive ends within ${name}`);
      yield { name, size, bytes };
      rest -= bytes.length;
    }
    rest += (BLOCK - (size % BLOCK)) % BLOCK;
    if (!(await source.skip(rest))) throw new ArchiveError(`the archive ends within ${name}`);
  }
  await source.skip(Number.POSITIVE_INFINITY);
}

/** The sum of the header's bytes, its own field counted as spaces, is in that field. */
function hasRightChecksum(header: Uint8Array): boolean {
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  return octal(header.subarray(148, 156)) === sum;
}

function parse(header: Uint8Array): { name: string; size: number; isFile: boolean } {
  const field = text(header.subarray(0, 100));
  const type = String.fromCharCode(header[156] ?? 0);
  const size = sizeOf(header.subarray(124, 136));
  if (size === null) throw new ArchiveError(`the archive's header of ${JSON.stringify(field)} states no possible size`);
  const isFile = (type === '0' || type === '\0' || type === '7') && !field.endsWith('/');
  return { name: field.slice(field.lastIndexOf('/') + 1), size, isFile };
}

/** Octal digits, or (GNU, for sizes above 8 GB) a big-endian number behind the byte 0x80; null if it is neither. */
function sizeOf(field: Uint8Array): number | null {
  if (field[0] !== 0x80) return octal(field);
  const size = field.subarray(1).reduce((value, byte) => value * 256 + byte, 0);
  return Number.isSafeInteger(size) ? size : null;
}

function octal(field: Uint8Array): number | null {
  const digits = /^ *([0-7]+)[ \0]*$/.exec(String.fromCharCode(...field))?.[1];
  return digits === undefined ? null : Number.parseInt(digits, 8);
}

function text(field: Uint8Array): string {
  const end = field.indexOf(0);
  return String.fromCharCode(...field.subarray(0, end < 0 ? field.length : end));
}

/** Chunks as a stream of bytes, counted. */
class Source {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #most: number;
  #current: Uint8Array = new Uint8Array(0);
  #taken = 0;

  constructor(chunks: AsyncIterable<Uint8Array>, most: number) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#most = most;
  }

  /** Fills `target`; returns how many bytes there were. */
  async read(target: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < target.length && (await this.#more())) {
      const part = this.#current.subarray(0, target.length - filled);
      target.set(part, filled);
      filled += part.length;
      this.#current = this.#current.subarray(part.length);
    }
    return filled;
  }

  /** Passes over so many bytes; false if there are fewer. */
  async skip(count: number): Promise<boolean> {
    let left = count;
    while (left > 0 && (await this.#more())) {
      const length = Math.min(left, this.#current.length);
      this.#current = this.#current.subarray(length);
      left -= length;
    }
    return left <= 0;
  }

  async #more(): Promise<boolean> {
    while (this.#current.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return false;
      this.#current = next.value;
      this.#taken += next.value.length;
      if (this.#taken > this.#most) throw new ArchiveError('unpacks to more bytes than the data set has');
    }
    return true;
  }
}
