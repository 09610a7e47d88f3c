import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type FetchOptions, fetchFiles } from '../../src/dataset/fetch.js';
import { fetchDataset, openDataset } from '../../src/dataset/index.js';
import { DataError } from '../../src/errors.js';
import { deadEnd, sendRange, serve } from './local-server.js';
import { newDataDir, writeFiles } from './small-files.js';

const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) % 251);
const file = { path: 'toy/one.gz', size: bytes.length, md5: createHash('md5').update(bytes).digest('hex'), urls: [] };
const good: RequestListener = (_, response) => response.end(bytes);

/** For servers that say too little: the others must have time on a busy machine. */
const hasty = { answer: 0.3, stall: 0.2 };

/** No proxy, and little patience. */
const impatient: FetchOptions = {
  environment: {},
  limits: { answer: 5, stall: 5, attempt: 10, total: 30, attempts: 3, backoff: 0.01, longestWait: 0.5 },
};

/** Fetches the file from a server of this kind; what it asked for, what was said, and what is on disk afterwards. */
async function fetchFrom(
  listeners: readonly RequestListener[],
  { dataDir = '', ...options }: FetchOptions & { dataDir?: string } = {},
) {
  const folder = dataDir === '' ? await newDataDir() : dataDir;
  const asked: { url: string; range: string | undefined; condition: string | undefined }[] = [];
  const lines: string[] = [];
  const servers = await Promise.all(
    listeners.map((listener) =>
      serve((request, response) => {
        const { range, 'if-range': condition } = request.headers;
        asked.push({
          url: request.url ?? '',
          range,
          condition: condition === undefined ? undefined : String(condition),
        });
        listener(request, response);
      }),
    ),
  );
  // The exact URLs: of a mirror, two are tried.
  const urls = servers.map(({ url }) => `${url}/one.gz`);
  const error: unknown = await fetchFiles([{ ...file, urls }], folder, {
    ...impatient,
    onProgress: (line) => lines.push(line),
    ...options,
  }).then(
    () => null,
    (reason: unknown) => reason,
  );
  const names = await readdir(join(folder, 'toy')).catch(() => []);
  const message = error instanceof Error ? error.message : '';
  expect(message).not.toContain('\n');
  if (error === null) expect((await readFile(join(folder, file.path))).equals(bytes)).toBe(true);
  return { asked, lines, error, message, names, dataDir: folder };
}

/** Sends the first bytes and breaks the connection. */
function cut(response: ServerResponse, part: Uint8Array, count: number): void {
  response.write(part.subarray(0, count), () => setTimeout(() => response.destroy(), 5));
}

const hosts = (count: number): string => Array.from({ length: count }, () => '127\\.0\\.0\\.1:\\d+').join('.*');

describe('a download', () => {
  it('appears under its name, from the right path, and reports progress', async () => {
    const { asked, names, lines } = await fetchFrom([good]);
    expect(asked).toEqual([{ url: '/data/one.gz', range: undefined, condition: undefined }]);
    expect(names).toEqual(['one.gz']);
    expect(lines.at(-1)).toBe('one.gz: 0.3 MB received');
  });

  it('goes on to the next mirror after a missing file, wrong bytes or a wrong size', async () => {
    const missing: RequestListener = (_, response) => response.writeHead(404).end();
    const wrong: RequestListener = (_, response) => response.end(bytes.toReversed());
    const short: RequestListener = (_, response) => response.writeHead(200, { 'content-length': 5 }).end('wrong');
    const { asked, names } = await fetchFrom([missing, wrong, short, good]);
    expect(names).toEqual(['one.gz']);
    expect(asked.length).toBe(4);
  });

  /** Servers that do not give the file, what is said about them, and how often they are asked. */
  const bad: readonly [string, RequestListener, RegExp, number][] = [
    ['404', (_, r) => r.writeHead(404).end(), /HTTP status 404/, 1],
    ['401', (_, r) => r.writeHead(401).end(), /HTTP status 401/, 1],
    ['503', (_, r) => r.writeHead(503).end(), /HTTP status 503/, 3],
    ['429 without a time', (_, r) => r.writeHead(429).end(), /HTTP status 429/, 3],
    [
      '429 for an hour',
      (_, r) => r.writeHead(429, { 'retry-after': '3600' }).end(),
      /429, to be asked again in 3600 s/,
      1,
    ],
    [
      '503 until a date',
      (_, r) => r.writeHead(503, { 'retry-after': new Date(Date.now() + 9e6).toUTCString() }).end(),
      /503, to be asked again in \d{4} s/,
      1,
    ],
    ['204', (_, r) => r.writeHead(204).end(), /HTTP status 204/, 1],
    [
      '206 that nobody asked for',
      (_, r) => r.writeHead(206, { 'content-range': 'bytes 5-9/10' }).end('wrong'),
      /another part/,
      3,
    ],
    [
      '206 of everything, that nobody asked for',
      (_, r) => r.writeHead(206, { 'content-range': 'bytes 0-299999/300000' }).end(bytes),
      /another part/,
      3,
    ],
    [
      'a web page',
      (_, r) => r.writeHead(200, { 'content-type': 'text/html', 'content-length': 9 }).end('<html/>..'),
      /a web page of 9 bytes, expected 300000/,
      1,
    ],
    [
      'a wrong length',
      (_, r) => r.writeHead(200, { 'content-length': 300_001 }).end(bytes),
      /300001 bytes, expected 300000/,
      1,
    ],
    ['an empty answer', (_, r) => r.end(), /offers 0 bytes, expected 300000/, 1],
    [
      'a chunk too many',
      (_, r) => {
        r.write(bytes);
        r.end('x');
      },
      /more than 300000 bytes/,
      1,
    ],
    ['wrong bytes', (_, r) => r.end(bytes.toReversed()), /MD5 is [0-9a-f]{32}, expected .*removed/, 1],
    ['silence', () => undefined, /no answer in 0.3 s/, 3],
    ['a stall', (_, r) => void r.write(bytes.subarray(0, 9)), /only 9 bytes in 0.2 s|only 0 bytes in 0.2 s/, 3],
    ['a cut', (_, r) => cut(r, bytes, 1000), /ended after 1000 of 300000 bytes/, 3],
    ['a cut before the headers', (q) => void q.socket.destroy(), /connection failed \(ECONNRESET\)/, 3],
    ['no HTTP', (q) => void q.socket.end('SSH-2.0-OpenSSH\r\n'), /no HTTP \(HPE_/, 1],
    [
      'endless headers',
      (q) => void q.socket.write(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n`),
      /no HTTP \(HPE_HEADER_OVERFLOW/,
      1,
    ],
    ['a redirect to itself', (q, r) => r.writeHead(302, { location: q.url ?? '' }).end(), /more than 5 redirects/, 6],
    [
      'a redirect to a file',
      (_, r) => r.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      /a redirect to file:, expected/,
      1,
    ],
    [
      'a redirect to data',
      (_, r) => r.writeHead(301, { location: 'data:,x' }).end(),
      /a redirect to data:, expected/,
      1,
    ],
    ['a redirect to nowhere', (_, r) => r.writeHead(302).end(), /a redirect to nowhere/, 1],
    [
      'brotli',
      (_, r) => r.writeHead(200, { 'content-encoding': 'br' }).end(brotliCompressSync(bytes)),
      /packs the file with "br"/,
      1,
    ],
    [
      'gzip that is none',
      (_, r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end(bytes),
      /cannot be unpacked \(Z_DATA_ERROR/,
      1,
    ],
    [
      'gzip of too much',
      (_, r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(new Uint8Array(1e6))),
      /more than 300000 bytes/,
      1,
    ],
  ];

  it.each(bad)('from a server with %s ends in one line and leaves nothing', async (name, listener, expected, times) => {
    const limits = { ...impatient.limits, ...(name === 'silence' || name === 'a stall' ? hasty : {}) };
    const { error, message, names, asked } = await fetchFrom([listener], { limits });
    expect(error).toBeInstanceOf(DataError);
    expect(message).toMatch(new RegExp(`^one\\.gz could not be fetched \\(${hosts(1)}: .*\\)$`));
    expect(message).toMatch(expected);
    expect(asked.length).toBe(times);
    expect(names).toEqual([]);
  });

  it('that never ends, or drips, is ended by the size and by the time', async () => {
    const endless = await fetchFrom([
      (_, response) => {
        const more = (): void => {
          while (!response.destroyed && response.write(bytes));
        };
        response.on('drain', more);
        more();
      },
    ]);
    expect(endless.message).toMatch(/more than 300000 bytes/);
    const drip: RequestListener = (_, response) => {
      response.writeHead(200, { 'content-length': bytes.length });
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    };
    expect((await fetchFrom([drip], { limits: { ...impatient.limits, ...hasty, answer: 5 } })).message).toMatch(
      /only \d+ bytes in 0.2 s/,
    );
    const limits = { ...impatient.limits, stall: 9, attempt: 0.2, attempts: 1 };
    expect((await fetchFrom([drip], { limits })).message).toMatch(/not complete after 0 s/);
    const total = { ...impatient.limits, stall: 9, attempt: 9, total: 0.3 };
    const started = Date.now();
    const { error, message, names } = await fetchFrom([drip], { limits: total });
    expect(error).toBeInstanceOf(DataError);
    expect(message).toMatch(/not complete after 0 s/);
    expect(names).toEqual([]);
    expect(Date.now() - started).toBeLessThan(3000);
  });

  it('comes through a redirect, and from a server that packs it for the way', async () => {
    const redirecting: RequestListener = (request, response) => {
      if (request.url?.endsWith('elsewhere')) return void response.end(bytes);
      response.writeHead(302, { location: '../elsewhere' }).end();
    };
    expect((await fetchFrom([redirecting])).names).toEqual(['one.gz']);
    for (const encoding of ['gzip', 'x-gzip']) {
      const packing: RequestListener = (_, response) => {
        response.writeHead(200, { 'content-encoding': encoding }).end(gzipSync(bytes));
      };
      expect((await fetchFrom([packing])).names).toEqual(['one.gz']);
      // A .gz that the server calls packed: the file itself, not something to unpack.
      const naming: RequestListener = (_, response) => {
        response.writeHead(200, { 'content-encoding': encoding, 'content-length': bytes.length }).end(bytes);
      };
      expect((await fetchFrom([naming])).names).toEqual(['one.gz']);
    }
  });

  it('is tried again after faults that pass, as late as the server asks', async () => {
    const times: number[] = [];
    const { names, lines } = await fetchFrom(
      [
        (_, response) => {
          times.push(Date.now());
          if (times.length === 1) response.writeHead(503, { 'retry-after': '0' }).end();
          else if (times.length === 2) response.writeHead(429, { 'retry-after': '1' }).end();
          else response.end(bytes);
        },
      ],
      { limits: { ...impatient.limits, longestWait: 2, total: 9 } },
    );
    expect(names).toEqual(['one.gz']);
    expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThanOrEqual(990);
    expect(lines.filter((line) => line.includes('trying again')).length).toBe(2);
  });

  it('ends with the reason of its signal, at any time', async () => {
    const during: [string, RequestListener][] = [
      ['before an answer', () => undefined],
      ['within the body', (_, response) => void response.write(bytes.subarray(0, 1000))],
      ['while it waits', (_, response) => response.writeHead(503, { 'retry-after': '1' }).end()],
    ];
    for (const [, listener] of during) {
      const controller = new AbortController();
      const limits = { longestWait: 30, answer: 30, stall: 30, attempt: 30, total: 30 };
      setTimeout(() => controller.abort(new Error('stopped by the user')), 100);
      const { message, names } = await fetchFrom([listener], { signal: controller.signal, limits });
      expect(message).toBe('stopped by the user');
      expect(names).toEqual([]);
    }
  });

  it('names a place that cannot be written', async () => {
    const dataDir = await newDataDir();
    await writeFiles(dataDir, { toy: new Uint8Array(1) });
    const { message } = await fetchFrom([good, good], { dataDir });
    expect(message).toMatch(/one\.gz: cannot be written \([a-z].*dataDir/);
  });
});

describe('a download that was cut off', () => {
  const server = { bytes, etag: '"one"', lastModified: 'Thu, 01 Jan 2026 00:00:00 GMT' };
  /** Cuts its first answers after so many bytes each. */
  const cutting = (count: number, times: number, more: object = {}): RequestListener => {
    let answers = 0;
    return (request, response) => {
      answers += 1;
      const send = answers > times ? undefined : (part: Uint8Array) => cut(response, part, count);
      sendRange({ ...server, ...more }, request.headers, response, send);
    };
  };

  it('goes on where it was, also after many cuts, if the server allows it', async () => {
    const { asked, names } = await fetchFrom([cutting(70_000, 4)], {
      limits: { ...impatient.limits, attempts: 2, total: 9 },
    });
    expect(asked.map(({ range }) => range)).toEqual([
      undefined,
      'bytes=70000-',
      'bytes=140000-',
      'bytes=210000-',
      'bytes=280000-',
    ]);
    expect(new Set(asked.slice(1).map(({ condition }) => condition))).toEqual(new Set(['"one"']));
    expect(names).toEqual(['one.gz']);
  });

  it('asks by date when the entity tag is weak, and unconditionally without both', async () => {
    const weak = await fetchFrom([cutting(1000, 1, { etag: 'W/"one"' })]);
    expect(weak.asked[1]?.condition).toBe(server.lastModified);
    const none = await fetchFrom([cutting(1000, 1, { etag: undefined, lastModified: undefined })]);
    expect(none.asked[1]).toMatchObject({ range: 'bytes=1000-', condition: undefined });
    expect(none.names).toEqual(['one.gz']);
  });

  it('starts anew from a server without ranges', async () => {
    let answers = 0;
    const { asked, names } = await fetchFrom([
      (_, response) => {
        answers += 1;
        response.writeHead(200, { 'content-length': bytes.length });
        if (answers === 1) cut(response, bytes, 1000);
        else response.end(bytes);
      },
    ]);
    expect(asked.length).toBe(2);
    expect(names).toEqual(['one.gz']);
  });

  it('starts anew when the file there has changed in between', async () => {
    const old = Uint8Array.from(bytes, (byte) => 255 - byte);
    let answers = 0;
    const changing =
      (ignoresConditions: boolean): RequestListener =>
      (request, response) => {
        answers += 1;
        const headers = ignoresConditions ? { range: request.headers.range } : request.headers;
        if (answers === 1)
          sendRange({ bytes: old, etag: '"old"' }, headers, response, (part) => cut(response, part, 1000));
        else sendRange({ bytes, etag: '"new"' }, headers, response);
      };
    expect((await fetchFrom([changing(false)])).asked.length).toBe(2);
    answers = 0;
    const { asked, lines } = await fetchFrom([changing(true)]);
    expect(asked.map(({ range }) => range)).toEqual([undefined, 'bytes=1000-', undefined]);
    expect(lines.join('\n')).toMatch(/the file there has changed/);
  });

  it('starts anew when its parts do not fit together, though nothing says so', async () => {
    const old = Uint8Array.from(bytes, (byte) => 255 - byte);
    let answers = 0;
    const { names, lines } = await fetchFrom([
      (request, response) => {
        answers += 1;
        if (answers === 1) sendRange({ bytes: old }, {}, response, (part) => cut(response, part, 1000));
        else sendRange({ bytes }, request.headers, response);
      },
    ]);
    expect(lines.join('\n')).toMatch(/MD5 is .*trying again/);
    expect(names).toEqual(['one.gz']);
  });

  it('starts anew after another part than was asked for, and when the server has no more', async () => {
    for (const answer of [
      { 'content-range': `bytes 5-${bytes.length - 1}/${bytes.length}` },
      { 'content-range': 'bytes 1000-1999/2000' },
      null,
    ]) {
      let answers = 0;
      const { asked, names } = await fetchFrom([
        (request, response) => {
          answers += 1;
          if (answers === 1) sendRange(server, {}, response, (part) => cut(response, part, 1000));
          else if (answers > 2) sendRange(server, request.headers, response);
          else if (answer === null) response.writeHead(416).end();
          else response.writeHead(206, answer).end(bytes.subarray(5));
        },
      ]);
      expect(asked.map(({ range }) => range)).toEqual([undefined, 'bytes=1000-', undefined]);
      expect(names).toEqual(['one.gz']);
    }
  });

  it('is kept for the next call, also of another mirror, and said', async () => {
    const first = await fetchFrom([cutting(70_000, 9)], { limits: { ...impatient.limits, attempts: 1 } });
    expect(first.message).toMatch(/ended after 70000 of 300000 bytes\); 0\.1 MB of 0\.3 MB are kept for the next try$/);
    expect(first.names.sort()).toEqual(['one.gz.part', 'one.gz.part.json']);
    const { dataDir } = first;
    const second = await fetchFrom([(request, response) => sendRange({ bytes }, request.headers, response)], {
      dataDir,
    });
    expect(second.asked).toEqual([{ url: '/data/one.gz', range: 'bytes=70000-', condition: undefined }]);
    expect(second.names).toEqual(['one.gz']);
  });

  it('is kept when it is interrupted', async () => {
    const controller = new AbortController();
    const { message, names } = await fetchFrom(
      [
        (request, response) => {
          sendRange(server, request.headers, response, (part) => void response.write(part.subarray(0, 5000)));
          setTimeout(() => controller.abort(new Error('stopped')), 100);
        },
      ],
      { signal: controller.signal },
    );
    expect(message).toBe('stopped');
    expect(names.sort()).toEqual(['one.gz.part', 'one.gz.part.json']);
  });

  /** What another process may have left: name, content, and whether a Range is asked for. */
  const note = JSON.stringify({ url: 'x', etag: null, lastModified: null, md5: file.md5 });
  it.each([
    ['a right part', bytes.subarray(0, 4000), note, 'bytes=4000-'],
    ['a part without a note', bytes.subarray(0, 4000), null, undefined],
    ['a part of another file', bytes.subarray(0, 4000), note.replace(file.md5, 'x'.repeat(32)), undefined],
    ['a part with a damaged note', bytes.subarray(0, 4000), '{', undefined],
    ['a part with an endless note', bytes.subarray(0, 4000), `${note}${' '.repeat(20_000)}`, undefined],
    ['a part that is too long', new Uint8Array(300_001), note, undefined],
    ['an empty part', new Uint8Array(0), note, undefined],
    ['a wrong part', new Uint8Array(4000), note, 'bytes=4000-'],
  ])('is used or removed: %s', async (_, part, text, range) => {
    const dataDir = await newDataDir();
    await writeFiles(dataDir, { 'toy/one.gz.part': part });
    if (text !== null) await writeFile(join(dataDir, 'toy/one.gz.part.json'), text);
    const { asked, names } = await fetchFrom([(request, response) => sendRange({ bytes }, request.headers, response)], {
      dataDir,
    });
    expect(asked[0]?.range).toBe(range);
    expect(names).toEqual(['one.gz']);
  });

  it('needs no server when only its name was missing', async () => {
    const dataDir = await newDataDir();
    await writeFiles(dataDir, { 'toy/one.gz.part': bytes, 'toy/one.gz.part.json': Buffer.from(note) });
    expect(await fetchFrom([good], { dataDir })).toMatchObject({ asked: [], names: ['one.gz'], error: null });
  });

  it('is never written through a link', async () => {
    const dataDir = await newDataDir();
    await writeFiles(dataDir, { victim: bytes.subarray(0, 10) });
    await mkdir(join(dataDir, 'toy'));
    for (const name of ['one.gz.part', 'one.gz.part.json'])
      await symlink(join(dataDir, 'victim'), join(dataDir, 'toy', name));
    expect((await fetchFrom([good], { dataDir })).names).toEqual(['one.gz']);
    expect((await stat(join(dataDir, 'victim'))).size).toBe(10);
  });
});

describe('fetchFiles', () => {
  it('looks on a mirror for the name, then below the folder of the data set', async () => {
    const asked: string[] = [];
    const { url } = await serve((request: IncomingMessage, response) => {
      asked.push(request.url ?? '');
      if (request.url === '/data/toy/one.gz') response.end(bytes);
      else response.writeHead(404).end();
    });
    const dataDir = await newDataDir();
    expect(await fetchFiles([file], dataDir, { ...impatient, mirrors: [url] })).toEqual(['toy/one.gz']);
    expect(asked).toEqual(['/data/one.gz', '/data/toy/one.gz']);
  });

  it('stops at the first file that no mirror has, names them all and leaves nothing behind', async () => {
    const asked: string[] = [];
    const { url } = await serve((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(404).end();
    });
    const dataDir = await newDataDir();
    const second = { ...file, path: 'toy/two.gz' };
    const mirrors = [url, (await deadEnd()).url];
    const error = await fetchFiles([file, second], dataDir, { ...impatient, mirrors }).catch(
      (reason: unknown) => reason,
    );
    expect(String(error)).toMatch(/one\.gz could not be fetched \(.*HTTP status 404; .*ECONNREFUSED\)\)$/);
    expect(asked).toEqual(['/data/one.gz', '/data/toy/one.gz']);
    expect(await readdir(dataDir)).toEqual([]);
  });
});

describe('fetchDataset', () => {
  it('asks only for the files that are missing', async () => {
    const asked: string[] = [];
    const { url } = await serve((request, response) => {
      asked.push(request.url ?? '');
      response.end('wrong');
    });
    const dataDir = await newDataDir();
    await writeFiles(dataDir, { 'MNIST/raw/train-images-idx3-ubyte': new Uint8Array(1) });
    await expect(fetchDataset('mnist', dataDir, { ...impatient, mirrors: [url] })).rejects.toThrow(/offers 5 bytes/);
    expect(asked).toEqual(['/data/train-labels-idx1-ubyte.gz', '/data/mnist/train-labels-idx1-ubyte.gz']);
    expect(await readdir(dataDir)).toEqual(['MNIST']);
  });

  it('has nothing to do for a generated data set', async () => {
    expect(await fetchDataset('quadratic', 'nowhere')).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('names a data directory that cannot be made', async () => {
    const dataDir = await newDataDir();
    await writeFiles(dataDir, { file: new Uint8Array(1) });
    await symlink(join(dataDir, 'nowhere', 'x'), join(dataDir, 'dangling'));
    await symlink(join(dataDir, 'loop'), join(dataDir, 'loop'));
    for (const name of ['file', 'file/x', 'dangling', 'dangling/x', 'loop', 'x'.repeat(300)]) {
      const error = await fetchDataset('mnist', join(dataDir, name), impatient).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(DataError);
      expect(String(error)).toMatch(/: cannot be written \([a-z][^()]+(?: \(E[A-Z]+\))?\); give another dataDir$/);
    }
  });

  it.skipIf(process.platform !== 'linux')('ends where the system makes no folder at all', async () => {
    // Every mkdir below /proc says that a folder is missing: Node's own recursion makes that again, for ever.
    const error = await fetchDataset('mnist', '/proc/probprec/data', impatient).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DataError);
    expect(String(error)).toContain('/proc/probprec/data: cannot be written (the folder does not exist)');
  });

  it('leaves no new folder behind when it fails', async () => {
    const dataDir = await newDataDir();
    const mirrors = [(await deadEnd()).url];
    await expect(fetchDataset('mnist', join(dataDir, 'a/b'), { ...impatient, mirrors })).rejects.toThrow(DataError);
    expect(await readdir(dataDir)).toEqual([]);
  });
});

describe('openDataset with fetch', () => {
  it('gives one clear line without a network, at once', async () => {
    const dataDir = await newDataDir();
    const started = Date.now();
    const mirrors = [(await deadEnd()).url];
    const error = await openDataset('cifar10', { dataDir, source: 'real', fetch: true, mirrors }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(DataError);
    expect(String(error)).toMatch(/cifar10: .*ECONNREFUSED.*data info cifar10.*dataDir.*data synthetic/);
    expect(String(error).length).toBeLessThan(400);
    expect(Date.now() - started).toBeLessThan(3000);
    expect(await readdir(dataDir)).toEqual([]);
  });
});
