import { termList, wrapped } from '../house-command.js';
import { describeDefault } from '../hyperparameters.js';

/** The help of `run`, followed by the hyperparameters of the optimizer when one is named. */
export async function runHelp(general: string, optimizer: string | undefined, width: number): Promise<string> {
  if (optimizer === undefined) {
    const more = "The optimizer's hyperparameters are options too: probprec run --optimizer NAME --help lists them.";
    return `${general}\n\n${wrapped(more, width)}`;
  }
  const { describeHyperparameters, loadOptimizer } = await import('../../optimizer/index.js');
  const definition = await loadOptimizer(optimizer);
  const lines = termList(
    describeHyperparameters(definition).map((entry) => [
      entry.type === 'boolean' ? entry.option : `${entry.option} <${entry.choices?.join('|') ?? entry.type}>`,
      `${entry.description} (${describeDefault(entry)})`.trim(),
    ]),
    width,
  );
  const title = `Hyperparameters of ${definition.name}: ${definition.description}`;
  return [general, '', wrapped(title, width), ...(lines.length > 0 ? lines : ['  none'])].join('\n');
}
