import fc from 'fast-check';
import { expect, test } from 'vitest';
import { curvatureReport } from '../../src/cli/commands/curvature-file.js';
import { runtimeReport } from '../../src/cli/commands/runtime-file.js';
import { FileError } from '../../src/errors.js';
import { CURVATURE_FIGURES, type Figure, measuredRuntime } from '../../src/report/figures/index.js';
import { figureFile } from '../../src/report/figures/rendering/files.js';
import { report, withPosterior, withPreconditioner } from '../report/curvature-report.js';
import { casesOf, damagedText, oneLine } from './edits.js';

const HOUR = 3_600_000;
const PATH = 'measured.json';

const curvature = withPreconditioner(withPosterior(report(['all'], [0, 100])));
const layers = report(['dense1.weight', 'dense1.bias'], [0, 50]);

const measure = (ratio: object | null) => ({ scope: 'training', clock: 'wall', seconds: [1, 1.5], ratio });
const runtime = {
  testproblem: 'mnist_mlp',
  batch_size: 128,
  num_epochs: 5,
  repeats: 2,
  warm_up_epochs: 1,
  reference: 'sgd',
  method: 'ratio to the reference in the same repeat',
  optimizers: [
    { class_name: 'SGD', diverged: null, measures: [measure(null)] },
    {
      class_name: 'Adam',
      diverged: null,
      measures: [measure({ values: [1.1, 1.2], mean: 1.15, median: 1.15, interval: [1, 1.3] })],
    },
  ],
};

/** Draws what was read; what has nothing to draw is told before. */
async function expectDrawn(figure: Figure): Promise<void> {
  const numbers = figure.records.flatMap((record) => Object.values(record).filter((cell) => typeof cell === 'number'));
  expect(numbers.filter((value) => !Number.isFinite(value))).toEqual([]);
  if (figure.records.length === 0) return;
  const specification = await figureFile(figure, 'json', { width: 400, fontSize: 8, dpi: 100, outlines: false });
  expect(JSON.parse(specification.toString())).toHaveProperty('$schema');
}

async function drawnOrRefused(figures: () => readonly Figure[]): Promise<void> {
  let made: readonly Figure[];
  try {
    made = figures();
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    expect(error.message).toMatch(oneLine);
    return;
  }
  for (const figure of made) await expectDrawn(figure);
}

test('a damaged measurement of curvature is refused in one line or drawn', { timeout: HOUR }, async () => {
  await fc.assert(
    fc.asyncProperty(damagedText(JSON.stringify(curvature), JSON.stringify(layers)), (text) =>
      drawnOrRefused(() => {
        const measured = curvatureReport(PATH, text);
        return Object.values(CURVATURE_FIGURES).map((figure) => figure(measured));
      }),
    ),
    casesOf('measurements'),
  );
});

test('a damaged measurement of run times is refused in one line or drawn', { timeout: HOUR }, async () => {
  await fc.assert(
    fc.asyncProperty(damagedText(JSON.stringify(runtime)), (text) =>
      drawnOrRefused(() => {
        const measured = runtimeReport(PATH, text);
        return measured === null ? [] : [measuredRuntime(measured)];
      }),
    ),
    casesOf('measurements'),
  );
});
