import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigurationError } from '../../src/errors.js';
import { planOf, readPlan } from '../../src/sweep/index.js';

const good = 'testproblems: mnist_logreg\noptimizers: sgd\n';
const bomb = [...'bcdefghij'].reduce(
  (text, key, index) => `${text}${key}: &${key} [${Array(9).fill(`*${'abcdefghi'[index]}`).join(', ')}]\n`,
  `${good}a: &a [x, x, x, x, x, x, x, x, x]\n`,
);

/** What aliases and nesting of a hostile or careless plan end in: one line with file and line. */
const CASES: readonly { readonly what: string; readonly text: string; readonly says: RegExp }[] = [
  {
    what: 'an alias without anchor',
    text: `${good}settings: *nope\n`,
    says: /^p\.yaml:3: .*\*nope, expected an anchor &nope/,
  },
  {
    what: 'an anchor that comes later',
    text: `${good}settings: *a\nname: &a x\n`,
    says: /^p\.yaml:3: .*\*a, expected/,
  },
  { what: 'a value that was meant as a text', text: `${good}name: *\n`, says: /^p\.yaml:3: not valid YAML/ },
  {
    what: 'a list in itself',
    text: 'optimizers: sgd\ntestproblems: &a [*a]\n',
    says: /^p\.yaml:2: the alias "a" refers to itself/,
  },
  {
    what: 'a mapping in itself',
    text: `${good}settings: &a\n  lr: *a\n`,
    says: /^p\.yaml:4: the alias "a" refers to itself/,
  },
  { what: 'a circle of two', text: `${good}settings: &a\n  lr: &b [1, [*a]]\n`, says: /^p\.yaml:4: the alias "a"/ },
  { what: 'an alias bomb', text: bomb, says: /^p\.yaml:4: aliases repeat more than 100 values/ },
  { what: 'an alias as a key', text: `${good}? *k\n: 3\n`, says: /^p\.yaml:3: .*\*k/ },
  { what: 'deep lists', text: `${good}seeds: ${'['.repeat(50_000)}`, says: /^p\.yaml: .*nested too deeply/ },
  { what: 'deep mappings', text: `${good}settings: ${'{a: '.repeat(20_000)}`, says: /^p\.yaml: .*nested too deeply/ },
  { what: 'deep blocks', text: `seeds: \n${'- '.repeat(20_000)}`, says: /^p\.yaml: .*nested too deeply/ },
  {
    what: 'a hyperparameter called __proto__',
    text: `${good}settings: {__proto__: 1}\n`,
    says: /^p\.yaml:3: found the key "__proto__", expected another name$/,
  },
  {
    what: 'two byte order marks',
    text: `\ufeff\ufeff${good}`,
    says: /^p\.yaml:1: found the key "\\u\{feff\}testproblems", expected a name without control characters$/,
  },
  {
    what: 'two documents',
    text: `${good}---\n${good}`,
    says: /^p\.yaml:3: found a second document, expected one plan/,
  },
  {
    what: 'infinite values',
    text: `${good}settings: {lr: [.inf, -1e999]}\n`,
    says: /^p\.yaml:3: settings\.lr: found \[Infinity,-Infinity\], expected/,
  },
  {
    what: 'deep and closed',
    text: `${good}seeds: ${'['.repeat(3000)}1${']'.repeat(3000)}`,
    says: /^p\.yaml(:3)?: /,
  },
];

test.each(CASES)('$what is one line', ({ text, says }) => {
  let caught: unknown;
  try {
    planOf('p.yaml', text);
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(ConfigurationError);
  const { message, exitCode } = caught as ConfigurationError;
  expect(message).toMatch(says);
  expect(message).not.toContain('\n');
  expect(message.length).toBeLessThan(400);
  expect(exitCode).toBe(2);
});

test('an anchor and its alias stand for the same values', () => {
  const text = `${good}settings: { lr: &rates [0.1, 0.2], momentum: *rates }\n`;
  expect(planOf('p.yaml', text).settings).toEqual({ lr: [0.1, 0.2], momentum: [0.1, 0.2] });
});

test('what is no regular file is one line', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'probprec-plan-'));
  const at = (name: string) => join(folder, name);
  try {
    spawnSync('mkfifo', [at('pipe.yaml')]);
    await symlink('/dev/zero', at('zero.yaml'));
    await symlink('loop.yaml', at('loop.yaml'));
    await expect(readPlan(at('pipe.yaml'))).rejects.toThrow(
      /pipe\.yaml: found a pipe, expected a file; expected a plan/,
    );
    await expect(readPlan(at('zero.yaml'))).rejects.toThrow(/zero\.yaml: found a device/);
    await expect(readPlan(folder)).rejects.toThrow(/found a folder/);
    await expect(readPlan(at('loop.yaml'))).rejects.toThrow(ConfigurationError);
  } finally {
    await rm(folder, { recursive: true });
  }
});
