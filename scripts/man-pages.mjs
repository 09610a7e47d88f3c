#!/usr/bin/env node
// Writes the man pages of the built command into dist/man, made of the declarations of its command line. The build calls it.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { manPages } from '../dist/src/cli/man-page.js';
import { createProgram } from '../dist/src/cli/program.js';

const folder = fileURLToPath(new URL('../dist/man', import.meta.url));
const nothing = () => undefined;
const terminal = {
  ...{ interactive: false, width: 80, messageWidth: 80, heading: String },
  ...{ result: nothing, line: nothing, transient: nothing },
};
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
for (const { name, text } of manPages(createProgram(terminal))) writeFileSync(join(folder, `${name}.1`), text);
