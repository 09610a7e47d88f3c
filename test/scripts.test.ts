import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as tensor from '../src/library/tensor.js';

const folder = new URL('../scripts/', import.meta.url);
const scripts = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.mjs'));

// They run for minutes and are run by hand; what they import can go away meanwhile.
test.each(scripts)('%s finds what it imports', async (script) => {
  const text = readFileSync(new URL(script, folder), 'utf8');
  const missing: string[] = [];
  for (const [, names = '', file = ''] of text.matchAll(
    /import \{([^}]*)\} from '(?:\.\.\/)+dist\/src\/([^']*)\.js'/g,
  )) {
    const module = (await import(new URL(`../src/${file}.ts`, import.meta.url).href)) as Readonly<
      Record<string, unknown>
    >;
    const wanted = names.split(',').map((name) => name.trim().split(' ')[0] ?? '');
    missing.push(...wanted.filter((name) => name !== '' && !(name in module)));
  }
  if (/import \{[^}]*\btensor\b[^}]*\} from '[^']*dist\/src\/index\.js'/.test(text)) {
    const used = [...text.matchAll(/\btensor\.(\w+)/g)].map(([, name = '']) => name);
    missing.push(...used.filter((name) => !(name in tensor)));
  }
  expect(missing).toEqual([]);
});
