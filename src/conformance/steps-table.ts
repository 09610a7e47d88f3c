import { datasetDefinition } from '../dataset/index.js';
import { loadTestProblem } from '../testproblem/index.js';
import { count, digits, markdownTable } from './markdown.js';
import type { MeasuredSteps } from './measured.js';

/** What twenty steps of the large networks showed, and what an epoch would take. */
export async function stepsTable({ rows }: MeasuredSteps): Promise<string[]> {
  const lines = rows.map(async (row) => {
    const { dataset, defaults } = await loadTestProblem(row.testproblem);
    const examples = Math.floor(datasetDefinition(dataset).sizes.train / defaults.batchSize) * defaults.batchSize;
    const { losses, cpu_seconds: seconds, batch_size: batch } = row;
    const mean = (part: readonly number[]) => digits(part.reduce((sum, loss) => sum + loss, 0) / part.length, 4);
    const settings = Object.entries(row.hyperparameters).map(([name, value]) => `${name} ${value}`);
    return [
      `\`${row.testproblem}\``,
      `${count(batch)} (${count(defaults.batchSize)})`,
      [row.optimizer, ...settings].join(', '),
      `${mean(losses.slice(0, 5))} → ${mean(losses.slice(-5))}`,
      `${digits(seconds, 2)} s`,
      `${digits(row.peak_bytes / 1e9, 2)} GB`,
      `${digits((seconds * examples) / batch / 3600, 2)} h`,
      `${digits((seconds * examples * defaults.numEpochs) / batch / 86_400, 2)} days`,
    ];
  });
  return markdownTable(
    ['test problem', 'batch (default)', 'optimizer', 'loss, steps 1–5 → 16–20', 'step', 'memory', 'an epoch', 'a run'],
    await Promise.all(lines),
  );
}
