import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileError } from '../../src/errors.js';
import { userSource } from '../../src/user-file/source-identity.js';
import { sourceVersion } from '../../src/user-file/source-version.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-source-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

const source = (file = 'mine.mjs') => userSource(join(folder, file));

/** The identity of one file with this text. */
async function identity(text: string, file = 'mine.mjs'): Promise<string> {
  await write({ [file]: text });
  return source(file).sha256;
}

const base = `import { z } from 'probprec';
export default { name: 'mine', scale: 0.1, hyperparameters: z.strictObject({}), start() { return 'a' } };
`;

describe('what does not change an optimizer', () => {
  test.each([
    ['a comment', `// a comment\n${base}/* another */`],
    ['a hashbang and a byte order mark', `\uFEFF#!/usr/bin/env node\n${base}`],
    ['white space and line ends', base.replaceAll(' ', '  ').replaceAll('\n', '\r\n')],
    ['quotes', base.replaceAll("'", '"')],
    ['how a number is written', base.replace('0.1', '1.00e-1')],
    ['quotes around a key', base.replace('scale:', "'scale':")],
    ['a trailing comma', base.replace('} };', '}, };')],
    ['a semicolon that does nothing', `${base.replace("'a'", "'a';;")};`],
    ['parentheses around a value', base.replace("'a'", "('a')")],
    ['an escape in a text', base.replace("'a'", "'\\x61'")],
  ])('%s', async (_, text) => {
    expect(text).not.toBe(base);
    expect(await identity(text)).toBe(await identity(base));
  });

  test('the names of its files', async () => {
    const entry = (name: string) => `import { factor } from './${name}'; export default factor;`;
    await write({ 'mine.mjs': entry('part.mjs'), 'part.mjs': 'export const factor = 1;' });
    const before = source().sha256;
    await write({ 'other/mine-2.mjs': entry('lib/factor.mjs'), 'other/lib/factor.mjs': 'export const factor = 1;' });
    expect(source('other/mine-2.mjs').sha256).toBe(before);
  });

  test('a symbolic link to it, or to what it imports', async () => {
    await write({
      'real/mine.mjs': "import { factor } from './part.mjs'; export default factor;",
      'elsewhere/part.mjs': 'export const factor = 1;',
    });
    await symlink(join(folder, 'elsewhere', 'part.mjs'), join(folder, 'real', 'part.mjs'));
    await symlink(join(folder, 'real', 'mine.mjs'), join(folder, 'mine.mjs'));
    const { sha256, modules } = source();
    expect(sha256).toBe(source('real/mine.mjs').sha256);
    expect(modules.map((path) => path.split('/').slice(-2).join('/'))).toEqual(['real/mine.mjs', 'elsewhere/part.mjs']);
    await write({ 'elsewhere/part.mjs': 'export const factor = 2;' });
    expect(source().sha256).not.toBe(sha256);
  });

  test('how imported JSON is indented', async () => {
    await write({
      'mine.mjs': "import rates from './rates.json' with { type: 'json' }; export default rates;",
      'rates.json': '{"lr": 0.1}',
    });
    const before = source().sha256;
    await write({ 'rates.json': '{\n  "lr": 0.10\n}\n' });
    expect(source().sha256).toBe(before);
    await write({ 'rates.json': '{"lr": 0.2}' });
    expect(source().sha256).not.toBe(before);
  });
});

describe('what changes an optimizer', () => {
  test.each([
    ['a number', 'export default 0.1;', 'export default 0.2;'],
    ['a number that JSON does not have', 'export default 1e999;', 'export default null;'],
    ['a text', "export default 'a';", "export default 'b';"],
    ['a number and the text of it', 'export default 1;', "export default '1';"],
    ['a number and the integer of it', 'export default 1;', 'export default 1n;'],
    ['a line break after return', 'export default () => { return x; };', 'export default () => { return\nx; };'],
    ['a regular expression', 'export default /a/;', 'export default /a/i;'],
    ['a template', 'export default tag`a\\n`;', 'export default tag`a\n`;'],
    ['an operator', 'export default a + b;', 'export default a - b;'],
    ['a sign', 'export default -a;', 'export default +a;'],
    ['parentheses that group', 'export default (a + b) * c;', 'export default a + b * c;'],
    ['the name of a variable', 'export const a = 1;', 'export const b = 1;'],
    ['the order of statements', 'a(); b();', 'b(); a();'],
    ['a hole in a list', 'export default [, a];', 'export default [a, ,];'],
    ['a computed key', 'export default { a: 1 };', 'export default { [a]: 1 };'],
    ['an optional chain that ends', 'export default (a?.b).c;', 'export default a?.b.c;'],
    ['a getter', 'export default { get a() { return 1 } };', 'export default { a() { return 1 } };'],
    ['the body of a loop', 'while (a()); b();', 'while (a()) b();'],
    ['an async function', 'export default () => 1;', 'export default async () => 1;'],
  ])('%s', async (_, before, after) => {
    expect(await identity(before)).not.toBe(await identity(after));
  });

  test.each([
    ['an import', "import { factor } from './part.mjs'; export default factor;"],
    ['export … from', "export { factor as default } from './part.mjs';"],
    ['export * from', "export * from './part.mjs'; export default 1;"],
    ['import()', "export default (await import('./part.mjs')).factor;"],
    [
      'require()',
      "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); export default require('./part.cjs');",
    ],
  ])('a constant in a file that it names by %s, also through another one', async (_, text) => {
    const part = (factor: number) => ({
      'deep.mjs': `export const factor = ${factor};`,
      'part.mjs': "export { factor } from './deep.mjs';",
      'part.cjs': "module.exports = require('./deep.cjs').factor;",
      'deep.cjs': `exports.factor = ${factor};`,
    });
    await write({ 'mine.mjs': text, ...part(1) });
    const first = source();
    expect(first.modules).toHaveLength(3);
    expect(first.warnings).toEqual([]);
    await write(part(3));
    expect(source().sha256).not.toBe(first.sha256);
  });

  test('which of two files it imports', async () => {
    const entry = (first: string, second: string) =>
      `import { x as a } from './${first}'; import { x as b } from './${second}'; export default a - b;`;
    await write({ 'a.mjs': 'export const x = 1;', 'b.mjs': 'export const x = 2;' });
    expect(await identity(entry('a.mjs', 'b.mjs'))).not.toBe(await identity(entry('b.mjs', 'a.mjs')));
  });

  test('the version of a package', async () => {
    const manifest = (version: string) => ({
      'node_modules/@scope/part/package.json': JSON.stringify({ name: '@scope/part', version, exports: './index.js' }),
    });
    await write({ 'lib/mine.mjs': "import '@scope/part'; import 'node:fs'; import 'probprec';", ...manifest('1.0.0') });
    const before = source('lib/mine.mjs');
    expect(before.modules).toHaveLength(1);
    await write(manifest('1.0.1'));
    expect(source('lib/mine.mjs').sha256).not.toBe(before.sha256);
  });
});

describe('the modules of an optimizer', () => {
  test('may import each other', async () => {
    await write({ 'mine.mjs': "import './part.mjs'; export const a = 1;", 'part.mjs': "import './mine.mjs';" });
    const { sha256, modules } = source();
    expect(modules.map((path) => path.split('/').at(-1))).toEqual(['mine.mjs', 'part.mjs']);
    await write({ 'part.mjs': "import './mine.mjs'; import './mine.mjs';" });
    expect(source().sha256).not.toBe(sha256);
  });

  test('that are not there are named in one line', async () => {
    await write({ 'mine.mjs': "\nimport './part.mjs';", 'part.mjs': "export * from './gone.mjs';" });
    const gone = /mine\.mjs: part\.mjs:1: it imports ".\/gone\.mjs", which does not exist$/;
    expect(() => source()).toThrow(FileError);
    expect(() => source()).toThrow(gone);
    expect(() => source('nothing.mjs')).toThrow(/nothing\.mjs: no such file/);
    await write({ 'mine.mjs': "import 'not-installed-anywhere';" });
    expect(() => source()).toThrow(/mine\.mjs:1: it imports "not-installed-anywhere", which is not installed there$/);
  });

  test('that may be missing count when they come', async () => {
    await write({ 'mine.mjs': "export default await import('./gone.mjs').catch(() => 1);" });
    const before = source().sha256;
    await write({ 'gone.mjs': 'export default 2;' });
    expect(source().sha256).not.toBe(before);
  });

  test('that cannot be followed are warned of, with the line', async () => {
    await write({
      'mine.mjs': '\nexport default await import(name + ".mjs");',
      'types.ts': 'export const a: number = 1;',
    });
    expect(source().warnings).toEqual([
      'mine.mjs:2: it imports a module whose name the code computes; a change of that module is not noticed',
    ]);
    await write({ 'mine.mjs': "import './types.ts';" });
    const { sha256, warnings } = source();
    expect(warnings).toEqual([]);
    await write({ 'types.ts': 'export const a: number = 2;' });
    expect(source().sha256).not.toBe(sha256);
    await write({ 'types.ts': 'export enum Wide { A }' });
    expect(source().warnings).toEqual([expect.stringMatching(/^types\.ts: it is not read as JavaScript/)]);
  });

  test('count without their types', async () => {
    await write({ 'mine.ts': "import type { A } from './types.ts';\nexport const a: A | number = 1;", 'types.ts': '' });
    const { sha256, modules } = source('mine.ts');
    expect(modules).toHaveLength(1);
    await write({ 'mine.mjs': 'export const a = 1;' });
    expect(source('mine.mjs').sha256).toBe(sha256);
  });

  test('whose names a compiler would change are said to be there', async () => {
    await write({ 'mine.ts': "import './part.js';", 'part.ts': '' });
    expect(() => source('mine.ts')).toThrow(
      /mine\.ts:1: it imports "\.\/part\.js", which does not exist; part\.ts exists: import that name$/,
    );
  });

  test('that are linked packages are warned of', async () => {
    await write({
      'lib/package.json': '{ "name": "lib", "version": "2.0.0" }',
      'mine.mjs': "import 'lib';",
      'node_modules/x/y': '',
    });
    await symlink(join(folder, 'lib'), join(folder, 'node_modules', 'lib'));
    expect(source().warnings).toEqual(['mine.mjs:1: the package lib is a link; only its version 2.0.0 counts']);
  });

  test('may be nested deeper than the stack', async () => {
    await write({ 'mine.mjs': `export default ${'['.repeat(20_000)}${']'.repeat(20_000)};` });
    expect(source().warnings).toHaveLength(1);
  });
});

test('the version is short and part of the identity', () => {
  expect(sourceVersion('0123456789abcdef'.repeat(4))).toBe('01234567');
});
