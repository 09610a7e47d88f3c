import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

interface Locked {
  readonly hasInstallScript?: boolean;
  readonly resolved?: string;
}

const { packages }: { packages: Record<string, Locked> } = JSON.parse(readFileSync('package-lock.json', 'utf8'));

describe('package-lock.json', () => {
  // npm runs the scripts that the lockfile announces. onnxruntime-node's downloads GPU libraries from another host and fails
  // behind a firewall; the default engine does not need them. Remove the line when npm wrote it again.
  test('announces no install script, so that npm install downloads packages and nothing else', () => {
    expect(Object.keys(packages).filter((path) => packages[path]?.hasInstallScript)).toEqual([]);
  });

  test('names no registry host', () => {
    expect(Object.keys(packages).filter((path) => packages[path]?.resolved?.includes('://'))).toEqual([]);
  });
});
