import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readRunFile, reproducibleContent } from '../../src/results/index.js';
import { command, startCommand } from '../cli/command.js';
import { temporaryFolder } from './small-run.js';

const examples = fileURLToPath(new URL('../../examples/optimizers/', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true }));

/** What each example evaluates in a step, and what its log has. */
const rows: readonly {
  readonly file: string;
  readonly settings: readonly string[];
  readonly perStep: { readonly gradients: number; readonly products: number; readonly losses: number } | null;
  readonly elsewhere?: boolean;
  readonly logged?: string;
}[] = [
  { file: 'adahessian', settings: ['--lr', '0.01'], perStep: { gradients: 1, products: 1, losses: 0 } },
  {
    file: 'dog',
    settings: ['--reps-rel', '0.001'],
    perStep: { gradients: 1, products: 0, losses: 0 },
    logged: 'step_size',
  },
  { file: 'lookahead-adam', settings: [], perStep: { gradients: 1, products: 0, losses: 0 } },
  { file: 'newton-cg', settings: ['--iterations', '3'], perStep: null },
  { file: 'sam', settings: ['--lr', '0.05'], perStep: { gradients: 2, products: 0, losses: 0 } },
  {
    file: 'schedule-free-sgd',
    settings: ['--lr', '0.2'],
    perStep: { gradients: 1, products: 0, losses: 0 },
    elsewhere: true,
  },
  {
    file: 'sps',
    settings: ['--eta-max', '0.05'],
    perStep: { gradients: 1, products: 0, losses: 0 },
    logged: 'step_size',
  },
];

test('there is a row for every example', async () => {
  expect(rows.map(({ file }) => `${file}.mjs`)).toEqual((await readdir(examples)).toSorted());
});

// Long enough that the kill comes before the end.
describe.each([
  { engine: 'onnxruntime', epochs: 12, images: 900 },
  { engine: 'tfjs-cpu', epochs: 4, images: 500 },
])('with $engine', ({ engine, epochs, images }) => {
  test.each(rows)(
    '$file is bit-equal after a kill and a resume',
    async ({ file, settings, perStep, elsewhere, logged }) => {
      const args = ['run', '--testproblem', 'mnist_logreg', '--optimizer', join(examples, `${file}.mjs`), ...settings];
      const small = [
        '--data',
        'synthetic',
        '--synthetic-size',
        String(images),
        '--num-epochs',
        String(epochs),
        '--threads',
        '1',
      ];
      const run = [...args, ...small, '--batch-size', '32', '--engine', engine];
      const killed = startCommand(run, { cwd: folder });
      await killed.said(/epoch 2\//);
      killed.child.kill('SIGKILL');
      expect((await killed.finished).code).toBeNull();
      const again = await command(run, { cwd: folder });
      expect(again.stderr).toMatch(/resumes from the checkpoint of epoch \d+/);
      const whole = await command([...run, '--output-dir', 'whole'], { cwd: folder });
      const files = await Promise.all([again, whole].map(({ stdout }) => readRunFile(join(folder, stdout.trim()))));
      const [resumed, uninterrupted] = files.map(reproducibleContent);
      expect(resumed?.status.state).toBe('completed');
      expect(resumed).toEqual(uninterrupted);

      const { steps_per_epoch, evaluations, evaluation_point, optimizer_log, train_losses } = uninterrupted ?? {};
      const steps = epochs * (steps_per_epoch ?? 0);
      if (perStep === null) expect(evaluations?.products).toBeGreaterThan(steps);
      else {
        const { gradients, products, losses } = perStep;
        expect(evaluations).toEqual({
          gradients: steps * gradients,
          products: steps * products,
          losses: steps * losses,
        });
      }
      expect(evaluation_point).toBe(elsewhere ? 'own' : undefined);
      if (logged)
        expect(optimizer_log?.map((entry) => Object.keys(entry as object))).toEqual(
          Array(epochs).fill(['epoch', logged]),
        );
      expect(train_losses?.at(-1)).toBeLessThan(train_losses?.[0] ?? 0);
    },
    180_000,
  );
});
