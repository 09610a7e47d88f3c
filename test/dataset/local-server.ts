import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A server on this machine, gone at the end of the test. `onConnect` answers CONNECT, as a proxy does. */
export async function serve(
  listener: RequestListener,
  onConnect?: (target: string, socket: Socket) => void,
): Promise<{ readonly url: string; readonly host: string }> {
  const server = createServer(listener);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  if (onConnect !== undefined) server.on('connect', (request, socket: Socket) => onConnect(request.url ?? '', socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const host = `127.0.0.1:${portOf(server)}`;
  return { url: `http://${host}/data`, host };
}

/** An address where nothing listens. */
export async function deadEnd(): Promise<{ readonly url: string; readonly host: string }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${portOf(server)}`;
  await new Promise((resolve) => server.close(resolve));
  return { url: `http://${host}/data`, host };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** How a server that knows ranges answers, byte by byte as RFC 9110 has it. */
export interface RangeServer {
  readonly bytes: Uint8Array;
  readonly etag?: string;
  readonly lastModified?: string;
}

/** Answers with the whole file, or with the rest of it when Range asks so and If-Range allows it. */
export function sendRange(
  { bytes, etag, lastModified }: RangeServer,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  response: ServerResponse,
  send: (part: Uint8Array) => void = (part) => void response.end(part),
): void {
  const own = {
    'accept-ranges': 'bytes',
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : { 'last-modified': lastModified }),
  };
  const start = /^bytes=(\d+)-$/.exec(String(headers.range))?.[1];
  const condition = headers['if-range'];
  if (start === undefined || (condition !== undefined && condition !== etag && condition !== lastModified)) {
    response.writeHead(200, { ...own, 'content-length': bytes.length });
    send(bytes);
  } else if (Number(start) >= bytes.length) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
  } else {
    const rest = bytes.subarray(Number(start));
    const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
    response.writeHead(206, { ...own, 'content-range': range, 'content-length': rest.length });
    send(rest);
  }
}
