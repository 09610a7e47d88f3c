import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { sha256Hex } from '../results/canonical-json.js';

/** A module of a user's optimizer: its path relative to the file that was named, and the SHA-256 of its content. */
export interface OptimizerSource {
  readonly file: string;
  readonly sha256: string;
}

/** An optimizer of more files is no optimizer; the search ends there. */
const MOST_FILES = 500;

/** Specifiers in `from '…'`, `import '…'`, `import('…')` and `require('…')`; one in a comment does no harm. */
const SPECIFIER = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(['"])((?:\.{1,2}\/|file:)[^'"\n]+)\1/g;

/**
 * The user's own modules that an optimizer file consists of: the file and what it imports by relative paths, however deep.
 * Packages are not among them, nor a path that is only known when the module runs.
 */
export function optimizerSources(file: string): readonly OptimizerSource[] {
  const entry = resolve(file);
  const found = new Map<string, OptimizerSource>();
  const queue = [entry];
  for (let path = queue.shift(); path !== undefined && found.size < MOST_FILES; path = queue.shift()) {
    if (found.has(path)) continue;
    const content = contentOf(path);
    if (content === null) continue;
    found.set(path, { file: nameFrom(dirname(entry), path), sha256: sha256Hex(content) });
    if (!/\.(?:[cm]?js|json)$/.test(path)) continue;
    for (const [, , specifier = ''] of content.toString('utf8').matchAll(SPECIFIER))
      queue.push(target(path, specifier));
  }
  return [...found.values()];
}

function contentOf(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    // Not there, or a folder: what imports it says so when it runs.
    return null;
  }
}

/** Node resolves a require without its extension, and an import as a URL. */
function target(from: string, specifier: string): string {
  try {
    return createRequire(from).resolve(specifier.startsWith('file:') ? fileURLToPath(specifier) : specifier);
  } catch {
    return fileURLToPath(new URL(specifier, pathToFileURL(from)));
  }
}

function nameFrom(folder: string, path: string): string {
  return `./${relative(folder, path).split(sep).join('/')}`;
}
