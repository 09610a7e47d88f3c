import type { ExitCode } from '../../errors.js';
import { searchResultFiles, type Validation, validateResultFiles } from '../../results/index.js';
import { shownLine } from '../../shown-text.js';
import { counted } from '../progress.js';
import type { Terminal } from '../terminal.js';

/** Checks run files and folders of them; prints a line for each file. Returns 1 when one has a fault or none was found. */
export async function validate(
  paths: readonly string[],
  options: { readonly json?: boolean; readonly quiet?: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  const { files, faults } = await searchResultFiles(paths.length > 0 ? paths : ['results']);
  const results: Validation[] = [];
  let faulty = faults.length;
  for (const fault of faults) terminal.line(shownLine(`probprec: ${fault}`));
  for await (const result of validateResultFiles(files)) {
    if (result.faults.length > 0) faulty += 1;
    if (options.json) results.push(result);
    else for (const line of linesOf(result, options.quiet === true)) terminal.result(shownLine(line));
  }
  if (options.json) terminal.result(JSON.stringify(results, null, 2));
  terminal.line(`${counted(files.length, 'file')}, ${faulty} with faults`);
  return faulty > 0 || files.length === 0 ? 1 : 0;
}

function linesOf({ path, kind, state, faults, notes }: Validation, quiet: boolean): string[] {
  if (faults.length > 0) return [...faults];
  if (quiet) return [];
  if (state === null) return notes.map((note) => `${path}: ${note}`);
  return [[`${path}: valid (${KINDS[kind ?? 'probprec']}, ${state})`, ...notes].join('; ')];
}

const KINDS = { probprec: 'run file', imported: 'imported run', deepobs: 'DeepOBS file' } as const;
