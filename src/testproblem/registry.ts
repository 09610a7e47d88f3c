import { folderOf, type Loaded, Registry } from '../user-file/registry.js';
import type { TestProblem } from './test-problem.js';

/** The definitions lie beside `src`, one file each, as TypeScript in a checkout and compiled in the package. */
const registered = folderOf<TestProblem>(new URL('../../testproblems/', import.meta.url), import.meta.url);

const registry = new Registry('--testproblem', registered, async () => {
  // The parser is loaded for users' files alone.
  const { testProblemFiles } = await import('./test-problem-file.js');
  return testProblemFiles(testProblemNames());
});

/** Names of all registered test problems, sorted. */
export function testProblemNames(): readonly string[] {
  return registry.names();
}

/** Loads a test problem by name, or from a user's file. Throws ConfigurationError with the nearest names, or FileError. */
export async function loadTestProblem(nameOrFile: string): Promise<TestProblem> {
  return (await registry.load(nameOrFile)).definition;
}

/** {@link loadTestProblem} with the identity of a user's file; null for a registered test problem. */
export function loadTestProblemAndSource(nameOrFile: string): Promise<Loaded<TestProblem>> {
  return registry.load(nameOrFile);
}
