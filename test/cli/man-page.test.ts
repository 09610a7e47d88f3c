import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { manPages } from '../../src/cli/man-page.js';
import { createProgram } from '../../src/cli/program.js';
import { quietTerminal } from './quiet-terminal.js';

const pages = manPages(createProgram(quietTerminal()));
const pageOf = (name: string) => pages.find((page) => page.name === name)?.text ?? '';

test('there is a page for every command, with every option', () => {
  const names = pages.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['probprec', 'probprec-run', 'probprec-sweep', 'probprec-sweep-plan']));
  expect(new Set(names).size).toBe(names.length);
  for (const { name, text } of pages) {
    expect(text).toContain(`.SH NAME\n${name.replaceAll('-', '\\-')} \\- `);
    expect(text).toContain('\\fB\\-h, \\-\\-help\\fR');
  }
  expect(pageOf('probprec-run')).toContain('.TP\n\\fB\\-\\-num\\-epochs <n>\\fR\n');
  expect(pageOf('probprec-sweep')).toContain('\\fBprobprec\\-sweep\\-plan\\fR(1)');
});

test('package.json names every page, so that npm installs it', async () => {
  const { man } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(man).toEqual(pages.map(({ name }) => `./dist/man/${name}.1`).sort());
});

const hasGroff = spawnSync('groff', ['--version']).status === 0;

test.skipIf(!hasGroff)(`groff sets every page without a warning${hasGroff ? '' : ' (skipped: no groff here)'}`, () => {
  const all = pages.map(({ text }) => text).join('');
  const { status, stdout, stderr } = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-Kutf8'], {
    input: all,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('Trains one test problem with one optimizer');
});
