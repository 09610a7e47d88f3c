import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { MirrorFault } from './fault.js';
import { type Environment, type HttpProxy, proxyFor } from './proxy.js';

const MOST_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** A server's answer: status and headers have arrived, the body (as sent: nothing is unpacked) is still to be read. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: IncomingMessage;
}

/** What to send, and how. */
export interface Question {
  readonly headers: Readonly<Record<string, string>>;
  /** Where the proxies are named. */
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

/**
 * GET a URL, through a proxy where the environment names one, and follow at most 5 redirects, to http and https only. Throws
 * MirrorFault, DataError for a variable that names no proxy, the system's errors, and the signal's reason.
 */
export async function get(url: URL, question: Question): Promise<Answer> {
  let current = url;
  for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
    const body = await ask(current, question);
    const status = body.statusCode ?? 0;
    if (!REDIRECTS.has(status)) return { status, headers: body.headers, body };
    body.destroy();
    current = target(body.headers.location, current);
  }
  throw new MirrorFault(`more than ${MOST_REDIRECTS} redirects, the last one to ${current.host}`);
}

function target(location: string | undefined, from: URL): URL {
  if (location === undefined || !URL.canParse(location, from.href)) throw new MirrorFault('a redirect to nowhere');
  const url = new URL(location, from);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new MirrorFault(`a redirect to ${url.protocol}, expected http: or https:`);
  }
  return url;
}

async function ask(url: URL, question: Question): Promise<IncomingMessage> {
  const { headers, signal } = question;
  signal.throwIfAborted();
  const proxy = proxyFor(url, question.environment);
  if (proxy === null) {
    const options = { headers, signal, agent: false };
    return await sent(url.protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options), signal);
  }
  if (url.protocol === 'http:') {
    const path = `http://${url.host}${url.pathname}${url.search}`;
    const own = {
      ...headers,
      ...login('authorization', url),
      ...login('proxy-authorization', proxy.url),
      host: url.host,
    };
    return await named(proxy, sent(toProxy(proxy, { path, headers: own, signal }), signal));
  }
  const socket = await named(proxy, tunnel(url, proxy, signal));
  const servername = isIP(bareHost(url)) === 0 ? bareHost(url) : '';
  const secure = connectTls({ socket, servername, ALPNProtocols: ['http/1.1'], host: bareHost(url) });
  // Without an agent, Node would name port 80 in the Host header.
  const own = { ...headers, ...login('authorization', url), host: url.host };
  return await sent(requestHttps(url, { headers: own, signal, createConnection: () => secure }), signal);
}

interface ProxyRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

function toProxy({ url }: HttpProxy, request: ProxyRequest) {
  const secure = url.protocol === 'https:';
  const host = bareHost(url);
  const port = url.port || (secure ? 443 : 80);
  const options = { ...request, host, port, agent: false };
  return secure ? requestHttps(options) : requestHttp(options);
}

/** A connection through the proxy to the URL's host (RFC 9110, 9.3.6), which sees nothing of what is sent over it. */
async function tunnel(url: URL, proxy: HttpProxy, signal: AbortSignal): Promise<Socket> {
  const path = `${url.hostname}:${url.port || 443}`;
  const headers = { ...login('proxy-authorization', proxy.url), host: path };
  const request = toProxy(proxy, { method: 'CONNECT', path, headers, signal });
  return await new Promise((resolve, reject) => {
    const refuse = (status: number, socket: { destroy(): void }): void => {
      socket.destroy();
      reject(new MirrorFault(`HTTP status ${status} to CONNECT ${path}${hint(status)}`, { again: status === 503 }));
    };
    request.on('connect', ({ statusCode = 0 }, socket, head) => {
      if (statusCode < 200 || statusCode > 299) return refuse(statusCode, socket);
      // What the server has sent already, which it does not do before TLS has begun.
      if (head.length > 0) socket.unshift(head);
      signal.addEventListener('abort', () => socket.destroy(), { once: true });
      resolve(socket);
    });
    request.on('response', (response) => refuse(response.statusCode ?? 0, response));
    request.on('error', (error) => reject(signal.aborted ? signal.reason : error));
    request.end();
  });
}

/** Says which proxy it was when asking it fails. */
async function named<T>({ url, variable }: HttpProxy, asking: Promise<T>): Promise<T> {
  const name = `the proxy ${url.host} of ${variable}`;
  try {
    const answer = await asking;
    const status = typeof answer === 'object' && answer !== null && 'statusCode' in answer ? answer.statusCode : 0;
    if (status === 407) throw new MirrorFault(`HTTP status 407${hint(407)}`);
    return answer;
  } catch (error) {
    if (error instanceof MirrorFault) {
      const { again, afterSeconds } = error;
      throw new MirrorFault(`${name}: ${error.message}`, { again, afterSeconds, cause: error });
    }
    if (error instanceof Error && 'code' in error && typeof error.code === 'string' && error.name !== 'AbortError') {
      throw new MirrorFault(`${name} cannot be reached (${error.code})`, { cause: error });
    }
    throw error;
  }
}

function hint(status: number): string {
  return status === 407 ? ' (it wants a user name and password: http://user:password@host:port)' : '';
}

function sent(request: ReturnType<typeof requestHttp>, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('response', resolve);
    request.on('error', (error) => reject(signal.aborted ? signal.reason : error));
    request.end();
  });
}

function login(header: 'authorization' | 'proxy-authorization', { username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { [header]: `Basic ${Buffer.from(text).toString('base64')}` };
}

function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}
