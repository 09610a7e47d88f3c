import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { moduleGraph } from './module-graph.js';

/** Goes into every identity; a change of how modules are read changes it. The word is from when only optimizers had one. */
const FORMAT = 'probprec optimizer source 1';

/** A user's file as its source: what tells one version from another. */
export interface UserSource {
  /** Name of the entry file, for people: it is not part of the identity. */
  readonly file: string;
  /** SHA-256 of what the entry file and its relative imports say, whatever they are called and however they are written. */
  readonly sha256: string;
  /** The files that it was taken of, absolute, the entry first. */
  readonly modules: readonly string[];
  /** What it does not see, a line each. */
  readonly warnings: readonly string[];
}

/**
 * The identity of a user's file by its content and that of its relative imports. Comments, formatting and types do not
 * change it. Throws FileError for a file or import that is not there.
 */
export function userSource(file: string): UserSource {
  const { modules, warnings } = moduleGraph(file);
  const content = JSON.stringify([FORMAT, ...modules.map((module) => module.content)]);
  return {
    file: basename(file),
    sha256: createHash('sha256').update(content).digest('hex'),
    modules: modules.map(({ path }) => path),
    warnings,
  };
}
