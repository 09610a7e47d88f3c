import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Loads a package by name, or reads the `package.json` of one; rejects with code MODULE_NOT_FOUND when it is not installed.
 */
export type ImportModule = (name: string) => Promise<unknown>;

/** As Node would resolve from this file: beside probprec, in a project or among the global packages. */
const installation = import.meta.url;

/**
 * Loads an optional package of probprec's own installation, else of the working directory: a probprec that is installed
 * globally finds what a user's project has installed. Only for a package that the user has asked for: its code runs.
 */
export const importPackage: ImportModule = async (name) => {
  try {
    return load(installation, name);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return load(workingDirectory(), name);
  }
};

/** Loads an optional package of probprec's own installation, whatever folder the user is in. */
export const importInstalledPackage: ImportModule = async (name) => load(installation, name);

/**
 * The folder of an optional package that only the working directory has; null when it is installed beside probprec or
 * nowhere. Runs no code of it.
 */
export function packageOfWorkingDirectory(name: string): string | null {
  const manifest = `${name}/package.json`;
  if (resolved(installation, manifest) !== null) return null;
  const path = resolved(workingDirectory(), manifest);
  return path === null ? null : dirname(path);
}

/** Whether an import failed because there is nothing of that name. */
export function isNotFound(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
}

function workingDirectory(): string {
  return pathToFileURL(join(process.cwd(), 'package.json')).href;
}

function resolved(place: string, name: string): string | null {
  try {
    return createRequire(place).resolve(name);
  } catch {
    return null;
  }
}

function load(place: string, name: string): unknown {
  const require = createRequire(place);
  const path = require.resolve(name);
  // A package may say that another file, a program, is its package.json: that is read, never run.
  return name.endsWith('/package.json') ? JSON.parse(readFileSync(path, 'utf8')) : require(path);
}
