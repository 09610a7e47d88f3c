import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunEvent } from '../../src/run/index.js';
import { exampleConfiguration } from '../results/example.js';

const { logToWandb } = (await import('../../examples/wandb/log-to-wandb.mjs' as string)) as {
  logToWandb: (options: { apiKey: string; project: string; id: string; baseUrl: string }) => {
    onEvent: (event: RunEvent) => void;
    finish: () => Promise<Error | null>;
  };
};

interface Request {
  readonly url: string;
  readonly authorization: string;
  // biome-ignore lint/suspicious/noExplicitAny: what strangers send is looked at piece by piece
  readonly body: any;
}

let server: Server;
let requests: Request[];
/** What the server answers to the mutation. */
let answer: object;
let status: number;

beforeEach(async () => {
  requests = [];
  status = 200;
  answer = {
    data: {
      upsertBucket: {
        bucket: { name: 'run 1', historyLineCount: 7, project: { name: 'mine', entity: { name: 'me' } } },
      },
    },
  };
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { url = '', headers } = request;
    requests.push({
      url,
      authorization: headers.authorization ?? '',
      body: JSON.parse(Buffer.concat(chunks).toString()),
    });
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(url === '/graphql' ? answer : { limits: {} }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => server.close());

const configuration = exampleConfiguration({ numEpochs: 2 });

function events(): RunEvent[] {
  const measured = { loss: 0.5, accuracy: 0.75 };
  const results = { train_eval: measured, valid: measured, test: { loss: Number.NaN, accuracy: null } };
  const step = (epoch: number, at: number): RunEvent => {
    const rest = { stepsPerEpoch: 60, numEpochs: 2, stepsPerSecond: 1, secondsLeft: 1, note: null };
    return { type: 'step', epoch, step: at, loss: epoch + at / 100, ...rest };
  };
  const start = { resumedFromEpoch: null, resumedFromStep: null, extendsRun: null, path: 'x.json', verifiedData: true };
  const told: RunEvent[] = [{ type: 'start', configuration, stepsPerEpoch: 60, threads: 1, ...start }];
  for (let epoch = 0; epoch <= 2; epoch++) {
    told.push({ type: 'evaluation', epoch, numEpochs: 2, results, seconds: 1 });
    if (epoch < 2) for (let at = 1; at <= 60; at++) told.push(step(epoch + 1, at));
  }
  return [...told, { type: 'end', status: 'completed', path: 'x.json', reason: null }];
}

function log() {
  const { port } = server.address() as AddressInfo;
  const wandb = logToWandb({ apiKey: 'secret', project: 'mine', id: 'run 1', baseUrl: `http://127.0.0.1:${port}` });
  for (const event of events()) wandb.onEvent(event);
  return wandb.finish();
}

test('a run is made with its hyperparameters, and every value arrives once, in order, behind what is there', async () => {
  expect(await log()).toBeNull();
  const [made, ...streamed] = requests;
  expect(made?.url).toBe('/graphql');
  expect(made?.authorization).toBe(`Basic ${Buffer.from('api:secret').toString('base64')}`);
  expect(made?.body.query).toContain('upsertBucket');
  expect(made?.body.variables).toMatchObject({ project: 'mine', name: 'run 1' });
  expect(JSON.parse(made?.body.variables.config)).toMatchObject({
    optimizer: { value: 'Momentum' },
    lr: { value: 0.11288378916846883 },
    seed: { value: 42 },
  });
  const lines: { _step: number; [name: string]: number }[] = [];
  for (const { url, body } of streamed) {
    expect(url).toBe('/files/me/mine/run%201/file_stream');
    const { offset, content } = body.files['wandb-history.jsonl'];
    expect(offset).toBe(7 + lines.length);
    lines.push(...content.map((line: string) => JSON.parse(line)));
  }
  expect(lines).toHaveLength(3 + 120);
  expect(lines.map(({ _step }) => _step)).toEqual(
    [...lines.map(({ _step }) => _step)].sort((left, right) => left - right),
  );
  expect(lines[0]).toMatchObject({ epoch: 0, 'train/loss': 0.5, 'valid/accuracy': 0.75 });
  expect(lines[0]).not.toHaveProperty('test/loss');
  expect(lines.filter((line) => 'train/minibatch_loss' in line).map((line) => line['train/minibatch_loss'])).toEqual(
    [1, 2].flatMap((epoch) => Array.from({ length: 60 }, (_, index) => epoch + (index + 1) / 100)),
  );
  expect(streamed.at(-1)?.body).toMatchObject({ complete: true, exitcode: 0 });
  expect(streamed.filter(({ body }) => body.complete === true)).toHaveLength(1);
});

test('a server that refuses ends the log with one message and not the run', async () => {
  answer = { errors: [{ message: 'no such project' }] };
  expect((await log())?.message).toBe('W&B: no such project');
  expect(requests).toHaveLength(1);
  status = 500;
  expect((await log())?.message).toMatch(/^W&B: 500/);
});
