import { readdirSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigurationError } from '../errors.js';
import { expectedOneOf } from '../names.js';
import type { ProblemFamily } from './family.js';
import type { TestProblem } from './test-problem.js';

/** The definitions lie beside `src`, as TypeScript in a checkout and compiled in the package. */
const folder = new URL('../../testproblems/', import.meta.url);
const extension = extname(fileURLToPath(import.meta.url));

/** Names of all test problems, sorted: one file each in `testproblems/`. */
export function testProblemNames(): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(extension) && !file.endsWith('.d.ts'))
    .map((file) => file.slice(0, -extension.length))
    .sort();
}

/** Loads a test problem by name; a family's name may state settings. Throws ConfigurationError with the nearest names when there is none. */
export async function loadTestProblem(name: string): Promise<TestProblem> {
  const names = testProblemNames();
  if (names.includes(name)) return (await load(name)).default;
  const base = names.findLast((known) => name.startsWith(`${known}_`));
  const { family } = base === undefined ? {} : await load(base);
  if (family === undefined) throw new ConfigurationError(`--testproblem ${expectedOneOf(name, names)}`);
  return family.member(name);
}

/** The family of which a test problem is the member without settings; null if there is none. */
export async function problemFamily(name: string): Promise<ProblemFamily | null> {
  return (await load(name)).family ?? null;
}

async function load(name: string): Promise<{ default: TestProblem; family?: ProblemFamily }> {
  return await import(new URL(`${name}${extension}`, folder).href);
}
