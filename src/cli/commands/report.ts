import type { ReportCommandOptions } from '../report-options.js';
import type { Terminal } from '../terminal.js';
export async function report(_paths: readonly string[], _options: ReportCommandOptions, _terminal: Terminal): Promise<0> { return 0; }
