import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request as requestHttp } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Environment, proxyFor } from '../../src/dataset/download/proxy.js';
import { fetchFiles } from '../../src/dataset/fetch.js';
import { DataError } from '../../src/errors.js';
import { deadEnd, sendRange, serve } from './local-server.js';
import { newDataDir } from './small-files.js';

describe('proxyFor', () => {
  const host = (url: string, environment: Environment): string | null =>
    proxyFor(new URL(url), environment)?.url.host ?? null;

  it.each<[string, Environment, string | null]>([
    ['http://example.org/', {}, null],
    ['http://example.org/', { HTTP_PROXY: 'http://proxy:3128' }, 'proxy:3128'],
    ['http://example.org/', { http_proxy: 'http://small:1', HTTP_PROXY: 'http://capital:1' }, 'small:1'],
    ['https://example.org/', { HTTP_PROXY: 'http://proxy:3128' }, null],
    ['https://example.org/', { HTTPS_PROXY: 'http://proxy:3128' }, 'proxy:3128'],
    ['https://example.org/', { https_proxy: 'proxy:3128' }, 'proxy:3128'],
    ['https://example.org/', { ALL_PROXY: 'http://proxy:3128' }, 'proxy:3128'],
    ['https://example.org/', { all_proxy: 'http://all:1', https_proxy: 'http://own:1' }, 'own:1'],
    ['https://example.org/', { HTTPS_PROXY: '' }, null],
    ['https://example.org/', { https_proxy: ' ', HTTPS_PROXY: 'http://proxy:1' }, 'proxy:1'],
    ['https://example.org/', { HTTPS_PROXY: 'https://user:secret@proxy:1' }, 'proxy:1'],
  ])('%s with %j: %s', (url, environment, expected) => {
    expect(host(url, environment)).toBe(expected);
  });

  /** Host, list, and whether the list excludes the host, as curl has it. */
  it.each<[string, string, boolean]>([
    ['http://example.org/', 'example.org', true],
    ['http://EXAMPLE.org/', 'Example.ORG', true],
    ['http://www.example.org/', 'example.org', true],
    ['http://www.example.org/', '.example.org', true],
    ['http://www.example.org/', '*.example.org', true],
    ['http://example.org/', '.example.org', true],
    ['http://badexample.org/', 'example.org', false],
    ['http://example.org/', 'www.example.org', false],
    ['http://example.org/', 'a.b, example.org ,c.d', true],
    ['http://example.org/', 'a.b example.org', true],
    ['http://example.org/', '*', true],
    ['http://example.org:8080/', 'example.org:8080', true],
    ['http://example.org:8080/', 'example.org:80', false],
    ['http://example.org/', 'example.org:80', true],
    ['https://example.org/', 'example.org:443', true],
    ['http://example.org./', 'example.org', true],
    ['http://localhost:9/', 'localhost,127.0.0.1', true],
    ['http://127.0.0.1:9/', '127.0.0.1', true],
    ['http://127.0.0.1:9/', '127.0.0.1:9', true],
    ['http://10.1.2.3/', '10.0.0.0/8', true],
    ['http://11.1.2.3/', '10.0.0.0/8', false],
    ['http://10.1.2.3/', '2.3', false],
    ['http://10.1.2.3/', '10.0.0.0/99', false],
    ['http://example.org/', '10.0.0.0/8', false],
    ['http://[::1]:9/', '::1', true],
    ['http://[::1]:9/', '[::1]', true],
    ['http://[::1]:9/', '[::1]:9', true],
    ['http://[fd00::5]/', 'fd00::/8', true],
    ['http://example.org/', ',, ,', false],
    ['http://example.org/', '.', false],
  ])('%s is excluded by NO_PROXY=%j: %s', (url, list, expected) => {
    for (const no of ['no_proxy', 'NO_PROXY']) {
      expect(host(url, { http_proxy: 'http://p:1', https_proxy: 'http://p:1', [no]: list }) === null).toBe(expected);
    }
  });

  it.each(['socks5://proxy:1080', 'http://', 'not a proxy', 'ftp://proxy'])(
    'refuses %j, without its password',
    (value) => {
      expect(() => proxyFor(new URL('https://example.org/'), { HTTPS_PROXY: value })).toThrow(DataError);
      expect(() => proxyFor(new URL('https://example.org/'), { HTTPS_PROXY: value })).toThrow(
        /^HTTPS_PROXY: found ".*", expected http:\/\/host:port$/,
      );
      const secret = { ALL_PROXY: 'socks5://me:secret@proxy:1' };
      expect(() => proxyFor(new URL('https://example.org/'), secret)).toThrow(
        /^ALL_PROXY: found "socks5:\/\/…@proxy:1"/,
      );
    },
  );
});

const bytes = Uint8Array.from({ length: 30_000 }, (_, i) => (i * i) % 251);
const md5 = createHash('md5').update(bytes).digest('hex');
const limits = { answer: 2, stall: 5, attempt: 10, total: 30, attempts: 2, backoff: 0.01, longestWait: 1 };

async function fetchThrough(url: string, environment: Environment) {
  const dataDir = await newDataDir();
  const file = { path: 'toy/one.gz', size: bytes.length, md5, urls: [url] };
  const error: unknown = await fetchFiles([file], dataDir, { environment, limits }).then(
    () => null,
    (reason: unknown) => reason,
  );
  const stored = error === null && (await readFile(join(dataDir, 'toy/one.gz'))).equals(bytes);
  return { message: error instanceof Error ? error.message : '', stored };
}

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** A proxy that passes plain requests on, and writes down what it was asked. */
async function forwardingProxy() {
  const asked: { url: string; host: string; login: string | undefined; authorization: string | undefined }[] = [];
  const proxy = await serve((request, response) => {
    const { host = '', 'proxy-authorization': login, authorization } = request.headers;
    asked.push({ url: request.url ?? '', host, login: login === undefined ? undefined : String(login), authorization });
    const url = new URL(request.url ?? '');
    requestHttp(url, { headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    }).end();
  });
  return { ...proxy, asked };
}

describe('a download through a proxy', () => {
  it('is asked for by the whole URL, and comes from end to end', async () => {
    const proxy = await forwardingProxy();
    const server = await serve((request, response) => {
      if (request.url === '/moved') response.end(bytes);
      else response.writeHead(302, { location: '/moved' }).end();
    });
    const { stored } = await fetchThrough(`${server.url}/one.gz`, { HTTP_PROXY: `http://${proxy.host}` });
    expect(stored).toBe(true);
    expect(proxy.asked.map(({ url, host }) => [url, host])).toEqual([
      [`${server.url}/one.gz`, server.host],
      [`http://${server.host}/moved`, server.host],
    ]);
  });

  it('brings the user names of both, in headers only', async () => {
    const proxy = await forwardingProxy();
    const server = await serve((_, response) => response.end(bytes));
    const url = `http://me:my%20secret@${server.host}/one.gz`;
    expect((await fetchThrough(url, { http_proxy: `http://user:p%40ss@${proxy.host}` })).stored).toBe(true);
    expect(proxy.asked[0]).toEqual({
      url: `http://${server.host}/one.gz`,
      host: server.host,
      login: `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
      authorization: `Basic ${Buffer.from('me:my secret').toString('base64')}`,
    });
  });

  it('does without it where NO_PROXY says so', async () => {
    const proxy = await forwardingProxy();
    const server = await serve((_, response) => response.end(bytes));
    const environment = { HTTP_PROXY: `http://${proxy.host}`, no_proxy: '127.0.0.1' };
    expect((await fetchThrough(`${server.url}/one.gz`, environment)).stored).toBe(true);
    expect(proxy.asked).toEqual([]);
  });

  it('asks for a tunnel to host and port of an https URL, with the user name', async () => {
    const asked: string[] = [];
    const proxy = await serve(
      () => undefined,
      (target, socket) => {
        asked.push(target);
        socket.end('HTTP/1.1 502 no\r\n\r\n');
      },
    );
    const { message } = await fetchThrough('https://example.org/one.gz', { HTTPS_PROXY: `http://${proxy.host}` });
    expect(asked).toEqual(['example.org:443']);
    expect(message).toBe(
      `one.gz could not be fetched (example.org: the proxy ${proxy.host} of HTTPS_PROXY: HTTP status 502 to CONNECT example.org:443)`,
    );
    await fetchThrough('https://example.org:8443/one.gz', { https_proxy: proxy.host });
    expect(asked.at(-1)).toBe('example.org:8443');
  });

  it("speaks TLS to the server through the tunnel, by the server's name", async () => {
    const first: Buffer[] = [];
    const proxy = await serve(
      () => undefined,
      (_, socket) => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.once('data', (hello) => {
          first.push(hello);
          socket.destroy();
        });
      },
    );
    const { message } = await fetchThrough('https://example.org/one.gz', { HTTPS_PROXY: proxy.host });
    expect(message).toMatch(/^one\.gz could not be fetched \(example\.org: the connection failed \(ECONNRESET\)\)$/);
    // A TLS handshake record whose ClientHello names the host (RFC 8446, 5.1; RFC 6066, 3).
    expect(first[0]?.[0]).toBe(22);
    expect(first[0]?.includes('example.org')).toBe(true);
    expect(first[0]?.includes(proxy.host)).toBe(false);
  });

  it.skipIf(!hasOpenssl)('comes through the tunnel end to end, and goes on there where it was cut off', async () => {
    // Only for the certificate that this test makes itself.
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    const folder = await newDataDir();
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=mirror.test', '-addext', 'subjectAltName=DNS:mirror.test'];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject],
      {
        stdio: 'ignore',
      },
    );
    const asked: (string | undefined)[][] = [];
    const mirror = createHttpsServer({ key: await readFile(key), cert: await readFile(cert) }, (request, response) => {
      const { host, range, authorization } = request.headers;
      asked.push([request.url, host, range, authorization]);
      if (asked.length > 1) return sendRange({ bytes }, request.headers, response);
      sendRange({ bytes }, request.headers, response, (part) => {
        response.write(part.subarray(0, 9000), () => setTimeout(() => request.socket.destroy(), 20));
      });
    });
    await new Promise<void>((resolve) => mirror.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void mirror.close());
    const address = mirror.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const proxy = await serve(
      () => undefined,
      (_, socket) => {
        const onward = connect(port, '127.0.0.1', () => socket.write('HTTP/1.1 200 Connection established\r\n\r\n'));
        onward.on('error', () => socket.destroy());
        socket.on('close', () => onward.destroy());
        socket.pipe(onward).pipe(socket);
      },
    );
    const environment = { HTTPS_PROXY: `http://${proxy.host}` };
    expect(await fetchThrough('https://me:secret@mirror.test/one.gz', environment)).toEqual({
      message: '',
      stored: true,
    });
    const login = `Basic ${Buffer.from('me:secret').toString('base64')}`;
    expect(asked).toEqual([
      ['/one.gz', 'mirror.test', undefined, login],
      ['/one.gz', 'mirror.test', 'bytes=9000-', login],
    ]);
  });

  it.each([
    [407, /HTTP status 407.*user name and password/],
    [503, /HTTP status 503/],
  ])('ends in one line when the proxy says %s', async (status, expected) => {
    const proxy = await serve(
      (_, response) => response.writeHead(status).end(),
      (_, socket) => socket.end(`HTTP/1.1 ${status} no\r\n\r\n`),
    );
    for (const scheme of ['http', 'https']) {
      const { message } = await fetchThrough(`${scheme}://example.org/one.gz`, { ALL_PROXY: proxy.host });
      expect(message).toMatch(expected);
      expect(message).not.toContain('\n');
    }
  });

  it('names a proxy that cannot be reached, does not answer, or is none', async () => {
    const gone = await deadEnd();
    for (const scheme of ['http', 'https']) {
      const { message } = await fetchThrough(`${scheme}://example.org/one.gz`, { ALL_PROXY: gone.host });
      expect(message).toContain(`the proxy ${gone.host} of ALL_PROXY cannot be reached (ECONNREFUSED)`);
    }
    const silent = await serve(
      () => undefined,
      () => undefined,
    );
    expect((await fetchThrough('https://example.org/one.gz', { ALL_PROXY: silent.host })).message).toMatch(
      /no answer in 2 s/,
    );
    const { message } = await fetchThrough('https://example.org/one.gz', { ALL_PROXY: 'socks5://x:1' });
    expect(message).toMatch(/ALL_PROXY: found "socks5:\/\/x:1", expected http:\/\/host:port/);
  });
});
