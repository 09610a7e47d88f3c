import { realpath } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { type ExitCode, FileError } from '../../errors.js';
import type { RecordedRun } from '../../results/index.js';
import { filesOfRun, moveRun, type RunFileSet, removeRun } from '../../run/index.js';
import { UsageError } from '../failure.js';
import { counted } from '../progress.js';
import type { Terminal } from '../terminal.js';
import { findRuns } from './list-runs.js';

/** Options of `rm` and `archive` after parsing. */
export interface RunFilesOptions {
  readonly where: readonly string[];
  readonly yes?: boolean;
  readonly quiet?: boolean;
}

/** Removes runs and what lies beside their files; without `yes` it only lists them. Returns 1 when one could not be removed. */
export async function removeRuns(
  paths: readonly string[],
  options: RunFilesOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  return await change('rm', paths, options, terminal, {
    preview: (count) => `${counted(count, 'run')} would be removed; --yes removes them`,
    done: (count) => `${counted(count, 'run')} removed`,
    async change(files, root) {
      await removeRun(files, root);
      return files.runFile;
    },
  });
}

/** Moves runs and what lies beside their files into another folder, under their paths; without `yes` it only lists them. */
export async function archiveRuns(
  paths: readonly string[],
  options: RunFilesOptions & { readonly to: string },
  terminal: Terminal,
): Promise<ExitCode> {
  const target = resolve(options.to);
  for (const path of paths) {
    if (target === resolve(path) || target.startsWith(resolve(path) + sep)) {
      throw new UsageError({
        subject: '--to',
        found: `${options.to}, which is inside ${path}`,
        expected: 'another folder',
      });
    }
  }
  return await change('archive', paths, options, terminal, {
    preview: (count) => `${counted(count, 'run')} would be moved to ${options.to}; --yes moves them`,
    done: (count) => `${counted(count, 'run')} moved to ${options.to}`,
    change: async (files, root) => `${files.runFile} -> ${await moveRun(files, root, options.to)}`,
  });
}

interface Change {
  readonly preview: (count: number) => string;
  readonly done: (count: number) => string;
  /** Changes one run's files, of which `root` is the folder that the user named; returns the line that says so. */
  readonly change: (files: RunFileSet, root: string) => Promise<string>;
}

async function change(
  command: string,
  paths: readonly string[],
  { where, yes, quiet }: RunFilesOptions,
  terminal: Terminal,
  how: Change,
): Promise<ExitCode> {
  const found = await findRuns(paths, where, command, terminal);
  if (found === null) return 1;
  let failed = found.faults.length;
  let changed = 0;
  for (const run of found.runs) {
    try {
      const root = folderOf(run, paths);
      if (root !== undefined) await checkInside(run.file, root);
      const files = await filesOfRun(run.file);
      if (yes) {
        const line = await how.change(files, root ?? resolve(run.file, '..', '..', '..', '..'));
        if (!quiet) terminal.result(line);
      } else terminal.result([files.runFile, ...files.beside].join('\n'));
      changed += 1;
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      failed += 1;
      terminal.line(`probprec: ${error.message}`);
    }
  }
  terminal.line(yes ? how.done(changed) : how.preview(changed));
  return failed > 0 ? 1 : 0;
}

/** The folder that the user named, in which the run was found; undefined for a file that was named, which lies in its own results folder. */
function folderOf({ file }: RecordedRun, paths: readonly string[]): string | undefined {
  return paths.find((path) => {
    const below = relative(path, file);
    return below !== '' && !below.startsWith('..');
  });
}

/** Throws FileError for a file behind a link that leads out of the folder: what was not named is read, and not changed. */
async function checkInside(file: string, folder: string): Promise<void> {
  const real = await realpath(folder);
  const inside = await realpath(dirname(file));
  if (inside === real || inside.startsWith(real.endsWith(sep) ? real : real + sep)) return;
  throw new FileError({
    subject: file,
    what: `lies behind a link that leads out of ${folder}, so it stays`,
    remedy: `name ${inside} to mean it`,
  });
}
