import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.js';
import { quietTerminal } from '../cli/quiet-terminal.js';
import { blocksOf } from './commands.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-samples-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The lines that a document shows below a command that begins so, and the command. */
async function sampleOf(document: string, begin: string): Promise<{ words: string[]; lines: string[] }> {
  const text = (await readFile(document, 'utf8')).split('\n');
  const start = text.findIndex((line) => line.startsWith(`    $ ${begin}`));
  expect(start, `${document} shows ${begin}`).toBeGreaterThan(0);
  const after = text.slice(start + 1);
  const end = after.findIndex((line) => !line.startsWith('    ') || line.startsWith('    $ '));
  const words = (text[start] ?? '').trim().split(' ').slice(2);
  return { words, lines: after.slice(0, end).map((line) => line.slice(4)) };
}

/** What a command says, on both of its streams, in the order in which it says it; files are in the folder of this test. */
async function said(words: readonly string[]): Promise<string[]> {
  const lines: string[] = [];
  const keep = (text: string) => lines.push(...text.split('\n'));
  const program = createProgram({ ...quietTerminal(), result: keep, line: keep });
  const own = words.map((word) => (/\.yaml$/.test(word) ? join(folder, word) : word));
  await program.parseAsync(own, { from: 'user' });
  return lines.map((line) => line.replaceAll(`${folder}/`, ''));
}

test('the guide to sweeps shows what sweep plan says', async () => {
  const { words, lines } = await sampleOf('docs/sweeps.md', 'probprec sweep plan');
  expect(await said(words)).toEqual(lines);
});

test('the guide to clusters shows what sweep commands says for Kubernetes, with the resources that it shows', async () => {
  const resources = blocksOf('docs/cluster.md', 'yaml').find((block) => block.includes('kubernetes:')) ?? '';
  const plan = `testproblems: mnist_logreg\noptimizers: sgd\nsettings: { lr: [0.1, 0.2, 0.3] }\nseeds: 42-45\n${resources}`;
  await writeFile(join(folder, 'tune.yaml'), plan);
  const { words, lines } = await sampleOf('docs/cluster.md', 'probprec sweep commands tune.yaml --format kubernetes');
  const own = await said([...words, '-o', 'tune-job.yaml']);
  expect(own.toSorted()).toEqual(lines.toSorted());
});
