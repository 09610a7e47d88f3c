import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { type Provenance, suiteVersion } from '../results/index.js';
import type { UserSource } from '../user-file/source-identity.js';
import { sourceVersion } from '../user-file/source-version.js';
import type { UserSources } from './configuration.js';
import { gitState } from './git.js';

/**
 * The versions of the code of a run that starts now: of this suite, and of users' files. The commits are null where there
 * is no repository, or git cannot say; nothing here ever fails a run.
 */
export async function provenanceOf(sources: UserSources): Promise<Provenance> {
  const [suite, optimizer, testproblem, dataset] = await Promise.all([
    suiteProvenance(),
    ...[sources.optimizer, sources.testProblem, sources.dataset].map(fileProvenance),
  ]);
  return {
    suite,
    optimizer: optimizer ?? null,
    ...(testproblem ? { testproblem } : {}),
    ...(dataset ? { dataset } : {}),
  };
}

/** A package inside of somebody else's repository has no commit of its own. */
async function suiteProvenance(): Promise<Provenance['suite']> {
  const root = realpathSync(dirname(createRequire(import.meta.url).resolve('probprec/package.json')));
  const state = await gitState(root);
  const own = state !== null && state.root === root ? state : null;
  return { version: suiteVersion(), commit: own?.commit ?? null, dirty: own?.dirty ?? null };
}

async function fileProvenance(source: UserSource | null): Promise<Provenance['optimizer']> {
  const [entry] = source?.modules ?? [];
  if (source === null || entry === undefined) return null;
  const state = await gitState(dirname(entry), source.modules);
  const { file, sha256 } = source;
  return { file, version: sourceVersion(sha256), commit: state?.commit ?? null, dirty: state?.dirty ?? null };
}
