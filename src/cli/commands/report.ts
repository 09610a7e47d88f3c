import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { ExitCode } from '../../errors.js';
import { reportPage } from '../../report/page/page.js';
import { readRunDetails } from '../../report/page/run-details.js';
import { suiteVersion, writeFileAtomic } from '../../results/index.js';
import type { ReportCommandOptions } from '../report-options.js';
import type { Terminal } from '../terminal.js';
import { readComparison } from './compare.js';

/** Writes the page of a comparison; returns 1 when there is nothing to compare or a result file could not be read. */
export async function report(
  paths: readonly string[],
  options: ReportCommandOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const found = await readComparison(paths, options, terminal, { command: 'report', details: true });
  if (found === null) return 1;
  const { comparison, faults } = found;
  const { facts, quantities } = await readRunDetails(comparison);
  const problems = [...new Set(comparison.tables.map(({ testproblem }) => testproblem))];
  const page = await reportPage({
    title: options.title ?? `Optimizers on ${problems.join(', ')}`,
    version: suiteVersion(),
    comparison,
    facts,
    quantities,
    faults,
    library: options.interactive ? await chartLibrary() : null,
  });
  await writeFileAtomic(options.output, page);
  terminal.result(options.output);
  return faults.length > 0 ? 1 : 0;
}

/** The chart library as text, for a page that needs no network. Its files lie beside the schema that the packages export. */
async function chartLibrary(): Promise<{ vega: string; vegaLite: string }> {
  const { resolve } = createRequire(import.meta.url);
  const [vega, vegaLite] = await Promise.all([
    readFile(join(dirname(resolve('vega/vega-schema.json')), 'vega.min.js'), 'utf8'),
    readFile(join(dirname(resolve('vega-lite/vega-lite-schema.json')), 'vega-lite.min.js'), 'utf8'),
  ]);
  return { vega, vegaLite };
}
