import {
  baselineSettings,
  type ComparedSetting,
  type Comparison,
  compare,
  parseBaselineFile,
} from '../../src/analysis/index.js';
import type { RecordedRun } from '../../src/results/index.js';
import { curves, exampleRun, exampleRuns, lossCurves } from '../analysis/example.js';

/** What strangers may call things: markup, script, expressions, right-to-left, emoji, control characters, sixty letters, what objects have. */
export const HOSTILE = [
  '<img src=x onerror=alert(1)>"\'&',
  '</script><script>alert(1)</script><!--',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a name that looks like one
  '${alert(1)} datum["x"] [a].b\\',
  'ריצה \u202eabc العربية',
  '🚀 momentum 👩‍🔬',
  '\u001b[31m\u0000\ud800 control',
  'a'.repeat(60),
  'constructor',
  'OptimizerWithAVeryLongNameThatNobodyWouldTypeTwice_v2_final_3x',
] as const;

/** Runs with several learning rates, of which the largest diverges. */
function tuned(optimizer: string, base: number, changes: Partial<RecordedRun> = {}): RecordedRun[] {
  return [0.001, 0.01, 0.1, 1].flatMap((lr, index) =>
    [42, 43, 44].map((seed) => {
      const hyperparameters = { lr, momentum: index % 2 === 0 ? 0.9 : 0.5 };
      const about = {
        optimizer,
        hyperparameters,
        setting: JSON.stringify(hyperparameters),
        seed,
        file: `${optimizer} ${lr} ${seed}`,
      };
      if (lr === 1) return diverged({ ...changes, ...about });
      const end = base - Math.abs(index - 1) * 0.05 + (seed - 43) * 0.01;
      return exampleRun({ ...changes, ...about, curves: curves([0.1, end - 0.1, end]) });
    }),
  );
}

/** A run whose loss was not finite in its second epoch. */
export function diverged(changes: Partial<RecordedRun>): RecordedRun {
  return exampleRun({
    curves: curves([0.1, 0.2]),
    timing: { wallSeconds: [2], cpuSeconds: [4] },
    status: { state: 'diverged', epoch: 1, step: 3, reason: 'the loss is not finite' },
    ...changes,
  });
}

const quadratic = (finals: readonly number[], optimizer: string) =>
  finals.map((final, index) =>
    exampleRun({
      optimizer,
      testproblem: 'quadratic_deep',
      seed: 42 + index,
      curves: lossCurves([350, 120 + index, final]),
    }),
  );

const targets = { mnist_logreg: 0.8, quadratic_deep: 100 };
const details = { details: true, targets } as const;

/** A published baseline: mean and standard deviation only. */
export function publishedBaseline(): ComparedSetting[] {
  const text = JSON.stringify({
    baseline_version: 1,
    kind: 'published',
    name: 'others',
    source: 'a paper',
    defects: [],
    protocol: 'probprec',
    data_source: 'real',
    engine: 'onnxruntime cpu',
    results: [
      {
        testproblem: 'mnist_logreg',
        optimizer: 'SGD',
        batch_size: 128,
        num_epochs: 2,
        l2_reg: null,
        hyperparameters: { lr: 0.1 },
        seeds: [1, 2, 3, 4],
        mean: { test_accuracies: [0.1, 0.7, 0.85] },
        population_std: { test_accuracies: [0, 0.02, 0.01] },
      },
    ],
  });
  return baselineSettings(parseBaselineFile('others.json', text));
}

/** Two problems, three optimizers, a baseline, diverged runs, a missing seed. */
export function ordinary(): Comparison {
  const runs = [
    ...tuned('SGD', 0.85),
    ...tuned('Momentum', 0.88),
    ...exampleRuns([0.9, 0.91], { optimizer: 'PreconditionedSGD', hyperparameters: { lr: null } }),
    diverged({ optimizer: 'PreconditionedSGD', hyperparameters: { lr: null }, seed: 50 }),
    ...quadratic([90, 91, 92], 'SGD'),
    ...quadratic([80, 81], 'Momentum'),
  ];
  return compare(runs, { ...details, baselines: publishedBaseline() });
}

/** What a figure must survive, by name. */
export const CASES: Readonly<Record<string, () => Comparison>> = {
  ordinary,
  'one optimizer': () => compare(exampleRuns([0.8, 0.82, 0.84]), details),
  'one run': () => compare(exampleRuns([0.8]), details),
  'twelve optimizers': () =>
    compare(Array.from({ length: 12 }, (_, index) => tuned(`Optimizer${index + 1}`, 0.7 + index / 60)).flat(), details),
  'everything diverged': () =>
    compare(
      ['SGD', 'Adam'].flatMap((optimizer) => [42, 43].map((seed) => diverged({ optimizer, seed }))),
      details,
    ),
  'one epoch': () =>
    compare(
      ['SGD', 'Adam'].flatMap((optimizer) =>
        [42, 43, 44].map((seed) =>
          exampleRun({
            optimizer,
            seed,
            numEpochs: 1,
            curves: curves([0.1, 0.8 + seed / 1000]),
            status: { state: 'completed', epoch: 1, step: null, reason: null },
            timing: { wallSeconds: [2], cpuSeconds: [4] },
          }),
        ),
      ),
      details,
    ),
  'hostile names': () =>
    compare(
      HOSTILE.flatMap((name) =>
        tuned(name, 0.8, { testproblem: name === HOSTILE[1] || name === 'constructor' ? name : HOSTILE[0] }),
      ),
      { details: true, targets: { [HOSTILE[0]]: 0.5, [HOSTILE[1]]: 0.5 } },
    ),
};
