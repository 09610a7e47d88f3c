import { conformancePage } from '../../conformance/index.js';
import { UsageError } from '../failure.js';
import { quoted } from '../option-values.js';
import type { ListOptions } from '../options.js';
import type { Terminal } from '../terminal.js';

/** Prints docs/conformance.md. It is about the registered test problems alone, and a page: Markdown, no JSON. */
export async function conformance(
  what: string,
  files: readonly string[],
  { json, format, where }: ListOptions,
  terminal: Terminal,
): Promise<void> {
  const fail = (found: string, expected: string): never => {
    throw new UsageError({ subject: `list ${what} --conformance`, found: found, expected: expected });
  };
  if (what !== 'testproblems') fail(`the list of ${what}`, 'testproblems, which it is about');
  if (where.length > 0) fail('--where', 'no filter: it is about all of them');
  if (files.length > 0)
    fail(`the argument ${quoted(files[0] ?? '')}`, 'nothing more: files of your own are not DeepOBS’');
  if (json || format === 'json') fail('--json', 'no other format: it prints a page in Markdown');
  terminal.result(await conformancePage());
}
