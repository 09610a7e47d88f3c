import { loadOptimizerAndSource, optimizerFileOf } from '../optimizer/index.js';
import type { RunConfiguration } from '../results/index.js';
import { type EarlierVersions, findEarlierVersions } from '../sweep/earlier-versions.js';
import { shellWord } from '../sweep/shell.js';
import { counted } from './progress.js';
import type { Terminal } from './terminal.js';

/** A run as far as it matters here: its optimizer as it was asked for, and its configuration. */
interface RequestedRun {
  readonly request: { readonly optimizer: string };
  readonly configuration: RunConfiguration;
}

/**
 * Says of the users' optimizers among these runs, before anything is trained, what their identity does not see, and unless
 * `quiet`, a line for each, that finished runs of earlier versions are there.
 */
export async function tellAboutUserOptimizers(
  runs: readonly RequestedRun[],
  { outputDir, quiet }: { readonly outputDir: string; readonly quiet: boolean },
  terminal: Terminal,
): Promise<void> {
  const optimizers = [...new Set(runs.map(({ request }) => request.optimizer))];
  const files = [...new Set(optimizers.map(optimizerFileOf))].filter((file) => file !== null);
  if (files.length === 0) return;
  for (const file of files) {
    const { source } = await loadOptimizerAndSource(file);
    for (const warning of source?.warnings ?? []) terminal.line(`probprec: warning: ${warning}`);
  }
  if (quiet) return;
  const configurations = runs.map(({ configuration }) => configuration);
  for (const found of await findEarlierVersions(outputDir, configurations)) terminal.line(describe(found));
}

function describe({ file, version, paths, versions, folders }: EarlierVersions): string {
  const [which, pattern] =
    versions.length === 1
      ? ['an earlier version', `-rl ${versions[0]}`]
      : [`${versions.length} earlier versions`, `-rlE '${versions.join('|')}'`];
  return [
    `${counted(paths.length, 'finished run')} of ${which} of ${file} (${versions.join(', ')}; now ${version}) are there and stay`,
    'compare shows each version in rows of its own',
    `to drop them delete the files that grep ${pattern} ${folders.map(word).join(' ')} lists`,
  ].join('; ');
}

/** A folder for a shell; a line break in it shows as such. */
function word(folder: string): string {
  return /\p{Cc}/u.test(folder) ? JSON.stringify(folder) : shellWord(folder);
}
