import { readdirSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigurationError } from '../errors.js';
import { expectedOneOf } from '../names.js';
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

/** Loads a test problem by name. Throws ConfigurationError with the nearest names when there is none. */
export async function loadTestProblem(name: string): Promise<TestProblem> {
  const names = testProblemNames();
  if (!names.includes(name)) throw new ConfigurationError(`--testproblem ${expectedOneOf(name, names)}`);
  const module = (await import(new URL(`${name}${extension}`, folder).href)) as { default: TestProblem };
  return module.default;
}
