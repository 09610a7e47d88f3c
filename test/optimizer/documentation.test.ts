import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { OptimizerDefinition } from '../../src/optimizer/index.js';
import { startOnToyB } from './toy-b.js';

/** The complete files among a document's JavaScript blocks. */
async function filesOf(document: string): Promise<string[]> {
  const text = await readFile(new URL(`../../${document}`, import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/^```js\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
  return blocks.filter((block) => block.includes('export default define'));
}

test.each([
  ['README.md', 1],
  ['docs/optimizers.md', 2],
])('the optimizers of %s train', async (document, count) => {
  const files = await filesOf(document);
  expect(files).toHaveLength(count);
  const folder = await mkdtemp(join(import.meta.dirname, 'documented-'));
  try {
    for (const [index, file] of files.entries()) {
      const path = join(folder, `${index}.mjs`);
      await writeFile(path, file);
      const { default: optimizer } = (await import(path)) as { default: OptimizerDefinition };
      const training = await startOnToyB(optimizer, { lr: 0.1 });
      await training.beginEpoch(0, 1);
      const losses: number[] = [];
      for (let step = 0; step < 10; step++) losses.push(await training.step({}));
      expect(losses.at(-1)).toBeLessThan(0.6 * (losses[0] ?? 0));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
