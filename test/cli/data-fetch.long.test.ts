import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { command, startCommand } from './command.js';
import { loadedCommand } from './loaded-command.js';

let folder: string;
let server: Server;
let sockets: Socket[];
/** What was asked of the proxy, which never gives an answer unless `refuse` is set. */
let asked: string[];
let refuse: boolean;
let proxy: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-fetch-'));
  asked = [];
  sockets = [];
  refuse = false;
  server = createServer();
  server.on('connection', (socket) => sockets.push(socket));
  server.on('connect', (request, socket: Socket) => {
    asked.push(request.url ?? '');
    if (refuse) socket.end('HTTP/1.1 403 no\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  proxy = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  server.close();
  await rm(folder, { recursive: true });
});

const run = [
  'run',
  '--testproblem',
  'mnist_logreg',
  '--optimizer',
  'sgd',
  '--lr',
  '1',
  '--num-epochs',
  '1',
  '--data-dir',
  'd',
];
const plan =
  'testproblems: mnist_logreg\noptimizers: sgd\nsettings: { lr: 1 }\noptions: { num_epochs: 1 }\ndata_dir: d\noutput_dir: r\n';

describe.skipIf(process.platform === 'win32')('a signal during a download', () => {
  test.each([
    ['run', run, 'SIGINT'],
    ['run', run, 'SIGTERM'],
    ['run', run, 'SIGHUP'],
    ['run', run, 'SIGUSR1'],
    ['sweep run', ['sweep', 'run', 'plan.yaml'], 'SIGINT'],
    ['data fetch', ['data', 'fetch', 'mnist', '--data-dir', 'd'], 'SIGINT'],
    ['runtime', ['runtime', '--testproblem', 'mnist_logreg', '--optimizers', 'sgd', '--data-dir', 'd'], 'SIGINT'],
  ] as const)('interrupts %s: %s, %s', async (_, args, signal) => {
    await writeFile(join(folder, 'plan.yaml'), plan);
    const { child, finished, said } = startCommand(args, { cwd: folder, env: { HTTPS_PROXY: proxy, no_proxy: '' } });
    if (args[0] === 'runtime') while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    else await said(/fetching from/);
    child.kill(signal);
    const { code, stderr } = await finished;
    expect(code).toBe(128 + constants.signals[signal]);
    expect(stderr).not.toMatch(/defect|aborted/);
    expect(stderr.match(/^probprec: .*$/gm)).toEqual([expect.stringContaining('probprec: interrupted')]);
    expect((await readdir(folder)).filter((name) => name !== 'r')).toEqual(['plan.yaml']);
  });
});

describe('data fetch', () => {
  test('asks the proxy of the environment, names it, and says how to fetch by hand', async () => {
    refuse = true;
    const env = { HTTPS_PROXY: proxy, no_proxy: '' };
    const { code, stdout, stderr } = await command(['data', 'fetch', 'fmnist', '--quiet', '--data-dir', 'd'], {
      cwd: folder,
      env,
    });
    expect(asked).toEqual(['github.com:443']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^probprec: fmnist: [^\n]*the proxy 127\.0\.0\.1:\d+ of HTTPS_PROXY: HTTP status 403[^\n]*`probprec data info fmnist` lists what to download by hand\n$/,
    );
    expect(await readdir(folder)).toEqual([]);
  });

  test('takes several --mirror in their order, and only web addresses', async () => {
    const mirrors = ['--mirror', `${proxy}/none`, '--mirror', 'https://mirror.example/data'];
    refuse = true;
    server.on('request', (request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(404).end();
    });
    const args = ['data', 'fetch', 'mnist', '--data-dir', 'd', '--quiet', ...mirrors];
    const { code, stderr } = await command(args, {
      cwd: folder,
      env: { HTTPS_PROXY: proxy, no_proxy: '', http_proxy: '' },
    });
    expect(code).toBe(1);
    const name = 'train-images-idx3-ubyte.gz';
    expect(asked.slice(0, 3)).toEqual([`/none/${name}`, `/none/mnist/${name}`, 'mirror.example:443']);
    expect(stderr).toMatch(/HTTP status 404; mirror\.example: the proxy/);
    const wrong = await loadedCommand(['data', 'fetch', '--mirror', 'file:///data'], { cwd: folder });
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^probprec: --mirror: found "file:\/\/\/data", expected an address/),
    });
  });
});

describe('data info', () => {
  test('lists URLs, sizes, checksums and folders of what is missing, in text and JSON', async () => {
    const { stdout } = await loadedCommand(['data', 'info', 'cifar10', '--data-dir', 'd'], { cwd: folder });
    expect(stdout).toContain(
      `into ${join('d', 'cifar10')}\n  https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz\n    or https://`,
    );
    expect(stdout).toContain('170,052,171 bytes, MD5 c32a1d4ab5d03f1284b67883e8d87530');
    const json = JSON.parse((await loadedCommand(['data', 'info', 'cifar10', '--json'], { cwd: folder })).stdout);
    expect(json.datasets[0].downloads).toEqual([
      expect.objectContaining({ path: 'cifar10/cifar-10-binary.tar.gz', size: 170_052_171 }),
    ]);
  });

  test.skipIf(process.platform === 'win32')('survives a pipe, and an archive with an impossible header', async () => {
    await mkdir(join(folder, 'd', 'mnist'), { recursive: true });
    spawnSync('sh', ['-c', 'mkfifo "$0"', join(folder, 'd', 'mnist', 'train-images-idx3-ubyte')]);
    const { code, stdout } = await loadedCommand(['data', 'info', 'mnist', '--data-dir', 'd'], { cwd: folder });
    expect(code).toBe(0);
    expect(stdout).toMatch(/corrupt.*found a pipe, expected a file/);
  });
});
