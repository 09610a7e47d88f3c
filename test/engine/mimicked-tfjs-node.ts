import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ImportModule } from '../../src/engine/tfjs/import-package.js';

/** A package to mimic. */
export interface MimickedPackage {
  readonly name?: '@tensorflow/tfjs-node-gpu' | '@tensorflow/tfjs-node';
  readonly version?: string;
  /** Whether it finds a GPU. */
  readonly gpu?: boolean;
  /** What is wrong with it: its native addon was not installed, or a library of CUDA was not. */
  readonly fault?: 'addon' | 'cuda';
}

/** Installs a package that looks like tfjs-node from outside in a new folder's node_modules; returns the folder. */
export async function installMimic({
  name = '@tensorflow/tfjs-node-gpu',
  version = '4.22.0',
  gpu = false,
  fault,
}: MimickedPackage = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'probprec-tfjs-'));
  const home = join(folder, 'node_modules', name);
  await mkdir(join(home, 'dist'), { recursive: true });
  await writeFile(join(home, 'package.json'), JSON.stringify({ name, version, main: 'dist/index.js' }));
  const mimic = fileURLToPath(new URL('./tfjs-node-mimic.cjs', import.meta.url));
  const options = JSON.stringify({ name, version, gpu, fault });
  await writeFile(join(home, 'dist', 'index.js'), `module.exports = require(${JSON.stringify(mimic)})(${options});\n`);
  return folder;
}

/** Imports what is installed in a folder. */
export function importFrom(folder: string): ImportModule {
  const require = createRequire(join(folder, 'package.json'));
  return async (name) => require(name);
}
