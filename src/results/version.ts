import { createRequire } from 'node:module';

/** This package's version, from its package.json (found by name, so that it is the same from src/ and from dist/). */
export function suiteVersion(): string {
  const manifest: { version: string } = createRequire(import.meta.url)('probprec/package.json');
  return manifest.version;
}
