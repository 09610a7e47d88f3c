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

test('list engines loads it, so that the tests above would notice', async () => {
  expect(await loadsEngine(['list', 'engines'])).toBe(true);
});
