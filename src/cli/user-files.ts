import { loadDataset } from '../dataset/index.js';
import { loadOptimizerAndSource, optimizerFileOf } from '../optimizer/index.js';
import type { RunConfiguration } from '../results/index.js';
import { type EarlierVersions, findEarlierVersions } from '../sweep/earlier-versions.js';
import { shellWord } from '../sweep/shell.js';
import { loadTestProblemAndSource } from '../testproblem/index.js';
import { isUserFile } from '../user-file/is-user-file.js';
import { counted } from './progress.js';
import type { Terminal } from './terminal.js';

/** A run as far as it matters here: its definitions as they were asked for, and its configuration. */
interface RequestedRun {
  readonly request: {
    readonly testproblem: string;
    readonly dataset?: string | undefined;
    readonly optimizer: string;
  };
  readonly configuration: RunConfiguration;
}

/**
 * Says of the users' files among these runs, before anything is trained, what their identity does not see, and unless
 * `quiet`, a line for each, that finished runs of earlier versions are there.
 */
export async function tellAboutUserFiles(
  runs: readonly RequestedRun[],
  { outputDir, quiet }: { readonly outputDir: string; readonly quiet: boolean },
  terminal: Terminal,
): Promise<void> {
  const warnings = new Set<string>();
  let some = false;
  const fileOf = (name: string) => (isUserFile(name) ? name : null);
  for (const [key, load, named] of [
    ['optimizer', loadOptimizerAndSource, optimizerFileOf],
    ['testproblem', loadTestProblemAndSource, fileOf],
    ['dataset', loadDataset, fileOf],
  ] as const) {
    const files = new Set(runs.flatMap(({ request }) => request[key] ?? []).flatMap((name) => named(name) ?? []));
    for (const file of files) {
      some = true;
      for (const warning of (await load(file)).source?.warnings ?? []) warnings.add(warning);
    }
  }
  if (!some) return;
  for (const warning of warnings) terminal.line(`probprec: warning: ${warning}`);
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
    `${counted(paths.length, 'finished run')} of ${which} of ${file} (${versions.join(', ')}; now ${version}) exist and are kept`,
    'compare shows each version in its own rows',
    `to drop them delete the files that grep ${pattern} ${folders.map(word).join(' ')} lists`,
  ].join('; ');
}

/** A folder for a shell; a line break in it shows as such. */
function word(folder: string): string {
  return /\p{Cc}/u.test(folder) ? JSON.stringify(folder) : shellWord(folder);
}
