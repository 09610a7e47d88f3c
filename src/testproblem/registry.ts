import { folderOf, type Loaded, type Registered, Registry } from '../user-file/registry.js';
import type { ProblemFamily } from './family.js';
import type { TestProblem } from './test-problem.js';

/** The definitions lie beside `src`, one file each, as TypeScript in a checkout and compiled in the package. */
const folder = folderOf<TestProblem>(new URL('../../testproblems/', import.meta.url), import.meta.url);

/** The member of a family that a name with settings means. */
async function unlisted(name: string): Promise<TestProblem | null> {
  const base = folder.names().findLast((known) => name.startsWith(`${known}_`));
  return (base === undefined ? null : await problemFamily(base))?.member(name) ?? null;
}

const registered: Registered<TestProblem> = { ...folder, unlisted };

const registry = new Registry('testproblem', registered, async () => {
  // The parser is loaded for users' files alone.
  const { testProblemFiles } = await import('./test-problem-file.js');
  return testProblemFiles(testProblemNames(), unlisted);
});

/** Names of all registered test problems, sorted. */
export function testProblemNames(): readonly string[] {
  return registry.names();
}

/**
 * Loads a test problem by name, where a family's name may state settings, or from a user's file. Throws ConfigurationError with
 * the nearest names, or FileError.
 */
export async function loadTestProblem(nameOrFile: string): Promise<TestProblem> {
  return (await registry.load(nameOrFile)).definition;
}

/** {@link loadTestProblem} with the identity of a user's file; null for a registered test problem. */
export function loadTestProblemAndSource(nameOrFile: string): Promise<Loaded<TestProblem>> {
  return registry.load(nameOrFile);
}

/** The family of which a test problem is the member without settings; null if there is none. */
export async function problemFamily(name: string): Promise<ProblemFamily | null> {
  return ((await folder.module(name)) as { family?: ProblemFamily }).family ?? null;
}
