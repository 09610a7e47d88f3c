import { checkFile } from '../../check/index.js';
import type { ExitCode } from '../../errors.js';
import { dataDirectory } from '../data-dir.js';
import { shown, type Terminal } from '../terminal.js';

/** Says of users' files what is wrong with them, a line each; returns 1 when something is. */
export async function check(
  files: readonly string[],
  { dataDir, json }: { readonly dataDir?: string; readonly json?: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  const checks = [];
  for (const file of files) {
    checks.push({ file, ...(await checkFile(file, { engine: { threads: 1 }, dataDir: dataDirectory(dataDir) })) });
  }
  const wrong = checks.some(({ findings }) => findings.some(({ fault }) => fault !== null));
  if (json) terminal.result(JSON.stringify(checks, null, 2));
  else {
    const lines = checks.flatMap(({ file, defines, findings }) => [
      `${file}: ${defines ?? 'no definition'}`,
      ...findings.map(({ what, fault }) => (fault === null ? `  ok     ${what}` : `  wrong  ${what}: ${plain(fault)}`)),
    ]);
    terminal.result(shown(lines.join('\n')));
  }
  return wrong ? 1 : 0;
}

/** Options that nobody gave are not part of what is wrong. */
function plain(fault: string): string {
  return fault.replace(/^(--[a-z]+|check) (?=\S)/, '');
}
