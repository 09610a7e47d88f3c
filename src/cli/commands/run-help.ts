import { describeDefault } from '../hyperparameters.js';

/** The help of `run`, followed by the hyperparameters of the optimizer when one is named. */
export async function runHelp(general: string, optimizer: string | undefined): Promise<string> {
  if (optimizer === undefined) {
    return `${general}\n\nThe optimizer's hyperparameters are options too: probprec run --optimizer NAME --help lists them.`;
  }
  const { describeHyperparameters, loadOptimizer } = await import('../../optimizer/index.js');
  const definition = await loadOptimizer(optimizer);
  const rows = describeHyperparameters(definition).map((entry) => ({
    term: entry.type === 'boolean' ? entry.option : `${entry.option} <${entry.choices?.join('|') ?? entry.type}>`,
    text: `${entry.description} (${describeDefault(entry)})`.trim(),
  }));
  const width = Math.max(0, ...rows.map(({ term }) => term.length));
  const lines = rows.map(({ term, text }) => `  ${term.padEnd(width)}  ${text}`);
  const title = `Hyperparameters of ${definition.name}: ${definition.description}`;
  return [general, '', title, ...(lines.length > 0 ? lines : ['  none'])].join('\n');
}
