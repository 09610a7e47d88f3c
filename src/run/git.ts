import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { relative, sep } from 'node:path';

/** Where files stand in a git repository. */
export interface GitState {
  /** The repository's folder, with symbolic links resolved. */
  readonly root: string;
  readonly commit: string;
  /** Whether a file differs from the commit, or is not in it. */
  readonly dirty: boolean;
}

/** Longer than any of these commands takes but on a file system that does not answer. */
const TIMEOUT_MS = 5000;

/**
 * The commit that a folder is at, and whether `files` (absolute, real paths) are as they are in it; without `files` all that git
 * tracks. Null where there is no repository, no commit, no git, or no answer: this never fails.
 */
export async function gitState(folder: string, files?: readonly string[]): Promise<GitState | null> {
  const answer = await git(folder, ['rev-parse', '--show-toplevel', '--verify', 'HEAD']);
  const [top = '', commit = ''] = answer?.trim().split('\n') ?? [];
  if (!/^[0-9a-f]{40,64}$/.test(commit)) return null;
  const root = realPath(top);
  if (files === undefined) {
    const changed = await git(root, ['status', '--porcelain', '--untracked-files=no']);
    return changed === null ? null : { root, commit, dirty: changed !== '' };
  }
  const inside = files.filter((file) => !relative(root, file).startsWith('..'));
  const names = inside.map((file) => `:(literal,top)${relative(root, file).split(sep).join('/')}`);
  const changed = await git(root, ['status', '--porcelain', '--ignored', '--untracked-files=all', '--', ...names]);
  if (changed === null) return null;
  return { root, commit, dirty: changed !== '' || inside.length < files.length };
}

/** What git prints, or null. It takes no lock and starts no monitor of the file system. */
function git(folder: string, args: readonly string[]): Promise<string | null> {
  const foreign = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
  const env = { ...Object.fromEntries(foreign), GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' };
  const options = { cwd: folder, env, timeout: TIMEOUT_MS, maxBuffer: 1 << 24, windowsHide: true };
  return new Promise((resolve) => {
    const done = (error: Error | null, stdout: string) => resolve(error === null ? stdout : null);
    try {
      execFile('git', ['-c', 'core.fsmonitor=false', ...args], { ...options, encoding: 'utf8' }, done).stdin?.end();
    } catch {
      resolve(null);
    }
  });
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
