import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Slurm's own default. */
const DEFAULT_MAX_ARRAY_SIZE = 1001;

/** The site's MaxArraySize, asked of scontrol; Slurm's default (1001) where there is no Slurm. */
export async function maxArraySize(): Promise<number> {
  try {
    const { stdout } = await promisify(execFile)('scontrol', ['show', 'config'], { timeout: 20_000 });
    return Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(stdout)?.[1] ?? DEFAULT_MAX_ARRAY_SIZE);
  } catch {
    return DEFAULT_MAX_ARRAY_SIZE;
  }
}
