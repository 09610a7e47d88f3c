import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FileCheck } from '../../src/check/index.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A member of the preconditioner family as a user would make one: phases of minibatches without a step, then steps. */
const PRECONDITIONER = `
import { defineOptimizer, definePreconditioner, learningRate, scaleByLearningRate, z } from 'probprec';
const inner = defineOptimizer({ name: 'plain', className: 'Plain', description: 'plain',
  hyperparameters: z.strictObject({ lr: learningRate() }), transformation: ({ lr }) => scaleByLearningRate(lr) });
export default definePreconditioner({ name: 'mine', className: 'Mine', description: 'mine', inner, mode: 'preconditioned' });
`;

/** One process for all files on an engine: each is interrupted after every step there. */
const program = (files: readonly string[], engine: string) => `
import { checkFile } from ${JSON.stringify(join(root, 'dist/src/check/index.js'))};
const checks = {};
for (const file of ${JSON.stringify(files)}) checks[file] = await checkFile(file, { engine: { engine: '${engine}', threads: 1 }, dataDir: '.' });
console.log(JSON.stringify(checks));
`;

const ENGINES = ['onnxruntime', 'tfjs-cpu'];
const folders = ['optimizers', 'testproblems', 'datasets'];
const examples = (
  await Promise.all(
    folders.map(async (folder) => (await readdir(join(root, 'examples', folder))).map((name) => join(folder, name))),
  )
).flat();
const cases = ENGINES.flatMap((engine) => [...examples, 'preconditioner.mjs'].map((name) => ({ engine, name })));

let folder: string;
const checks: Record<string, Record<string, FileCheck>> = {};
const pathOf = (name: string) => (name === 'preconditioner.mjs' ? join(folder, name) : join(root, 'examples', name));
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-examples-'));
  await writeFile(join(folder, 'preconditioner.mjs'), PRECONDITIONER);
  for (const engine of ENGINES) {
    const script = join(folder, `${engine}.mjs`);
    await writeFile(script, program([...new Set(cases.map(({ name }) => pathOf(name)))], engine));
    const { stdout } = await promisify(execFile)(process.execPath, [script], { maxBuffer: 1e8 });
    checks[engine] = JSON.parse(stdout.slice(stdout.indexOf('{'))) as Record<string, FileCheck>;
  }
}, 600_000);
afterAll(() => rm(folder, { recursive: true }));

test.each(cases)('nothing is wrong with $name on $engine', ({ engine, name }) => {
  const check = checks[engine]?.[pathOf(name)];
  expect(check?.findings.filter(({ fault }) => fault !== null)).toEqual([]);
  expect(check?.findings.length).toBeGreaterThanOrEqual(4);
  if (check?.defines === 'optimizer') {
    expect(check.findings.at(-1)?.what).toBe(
      'it resumes from its saved state after every step as if it had not stopped',
    );
  }
});
