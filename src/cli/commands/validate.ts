import type { ExitCode } from '../../errors.js';
import { findResultFiles, type Validation, validateResultFile } from '../../results/index.js';
import type { Terminal } from '../terminal.js';

/** Checks run files and folders of them; prints a line for each file. Returns 1 when one has a fault or none was found. */
export async function validate(
  paths: readonly string[],
  options: { readonly json?: boolean; readonly quiet?: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  const files = await findResultFiles(paths.length > 0 ? paths : ['results']);
  const results: Validation[] = [];
  for (const path of files) {
    const result = await validateResultFile(path);
    results.push(result);
    if (options.json) continue;
    if (result.faults.length > 0) for (const fault of result.faults) terminal.result(fault);
    else if (!options.quiet) terminal.result(`${path}: valid (${KINDS[result.kind ?? 'probprec']}, ${result.state})`);
  }
  if (options.json) terminal.result(JSON.stringify(results, null, 2));
  const faulty = results.filter(({ faults }) => faults.length > 0).length;
  terminal.line(`${files.length} files, ${faulty} with faults`);
  return faulty > 0 || files.length === 0 ? 1 : 0;
}

const KINDS = { probprec: 'run file', imported: 'imported run', deepobs: 'DeepOBS file' } as const;
