import { join } from 'node:path';
import type { SettingValues } from '../../results/index.js';

/** What a run is called in TensorBoard, whose names are folders. */
export interface NamedRun {
  readonly testproblem: string;
  readonly optimizer: string;
  readonly hyperparameters: SettingValues;
  /** Equal for runs of one setting. */
  readonly settingId: string;
  readonly seed: number;
}

const LONGEST = 80;

/** `fmnist_2c2d/SGD/lr=0.1 1a2b3c4d/seed 42`. The digits tell settings apart whose hyperparameters are the same or too long. */
export function runFolder({ testproblem, optimizer, hyperparameters, settingId, seed }: NamedRun): string {
  const values = Object.entries(hyperparameters)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`);
  const setting = [part(values.join(' ')), settingId.slice(0, 8)].filter((text) => text !== '').join(' ');
  return join(part(testproblem), part(optimizer), setting, `seed ${seed}`);
}

/** A text as a part of a path, on every system. */
function part(text: string): string {
  const letters = [...text.replace(/[^\p{L}\p{N} ._=,+()[\]-]/gu, '_')].slice(0, LONGEST).join('');
  return letters.replace(/^\.+/, '_').trim();
}
