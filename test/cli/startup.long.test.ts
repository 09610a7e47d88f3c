import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { command } from './command.js';

// Says at the end whether ONNX Runtime's native library is in the process.
const spy = `data:text/javascript,${encodeURIComponent(`
  process.report.excludeNetwork = true;
  process.on('exit', () => {
    const engine = process.report.getReport().sharedObjects.some((name) => /onnxruntime/.test(name));
    process.stderr.write('engine loaded: ' + engine);
  });`)}`;

async function loadsEngine(args: readonly string[]): Promise<boolean> {
  const { code, stderr } = await command(args, { env: { NODE_OPTIONS: `--import "${spy}"` } });
  expect(code).toBe(0);
  const [, answer] = /engine loaded: (true|false)$/.exec(stderr) ?? [];
  expect(answer).toBeDefined();
  return answer === 'true';
}

test.each([
  '--help',
  'run --help',
  'run --optimizer adam --help',
  'runtime --help',
  'list testproblems',
  'list optimizers',
  'list datasets',
])('%s loads no engine', async (line) => {
  expect(await loadsEngine(line.split(' '))).toBe(false);
});

test('list engines leaves that to other processes', async () => {
  expect(await loadsEngine(['list', 'engines'])).toBe(false);
});

test('run loads it, so that the tests above would notice', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'probprec-startup-'));
  const line = `run --testproblem mnist_logreg --optimizer sgd --num-epochs 0 --data synthetic --synthetic-size 200 --output-dir ${folder}`;
  expect(await loadsEngine(line.split(' '))).toBe(true);
  await rm(folder, { recursive: true });
});

// Loading the schemas takes longer than all the rest of --help; what a command needs is loaded when it is called.
test('--help reads no schema, and list does, so that this would be noticed', async () => {
  const reads = async (line: string) => {
    const { stderr } = await command(line.split(' '), { env: { NODE_DEBUG: 'esm' } });
    expect(stderr).toContain('commander');
    return /node_modules\/zod\//.test(stderr);
  };
  expect(await reads('--help')).toBe(false);
  expect(await reads('list testproblems')).toBe(true);
});
