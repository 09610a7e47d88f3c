import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

interface Locked {
  readonly version: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly peer?: boolean;
}

const { packages }: { packages: Record<string, Locked> } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const rows = readFileSync('SECURITY.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'));

/** What an installation without the packages of development has. */
const installed = Object.entries(packages).flatMap(([path, { license = '', dev, devOptional, peer }]) =>
  path === '' || dev || devOptional || peer ? [] : [{ name: path.replace(/^.*node_modules\//, ''), license }],
);

/** The row that names a package, itself or by a pattern such as `d3-*`. */
function rowOf(name: string): string | undefined {
  const names = (row: string) => [...row.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
  const fits = (pattern: string) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern);
  return rows.find((row) => names(row).includes(name)) ?? rows.find((row) => names(row).some(fits));
}

describe('the dependencies in SECURITY.md', () => {
  test.each(installed)('$name has a line with its licence', ({ name, license }) => {
    expect(license).not.toBe('');
    expect(rowOf(name)).toContain(license);
  });
});
