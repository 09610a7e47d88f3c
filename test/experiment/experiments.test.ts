import { describe, expect, test } from 'vitest';
import { SCALES } from '../../src/experiment/experiment.js';
import { experimentPage } from '../../src/experiment/page.js';
import { experimentNames, loadExperiment } from '../../src/experiment/registry.js';
import { drawFigure } from '../../src/report/figures/rendering/svg.js';
import type { RecordedRun } from '../../src/results/index.js';
import { expandPlan, planOf, planText } from '../../src/sweep/index.js';
import { curves, exampleRun } from '../analysis/example.js';

async function plannedExperiment(name: string) {
  const experiment = await loadExperiment(name);
  if (experiment.kind !== 'plan') throw new Error(`${name} has no plan`);
  return experiment;
}

describe('experiments', () => {
  test("are the thesis' four", () => {
    expect(experimentNames()).toEqual(['initialization', 'lr-sensitivity', 'preconditioning', 'runtime']);
  });

  test('an unknown name is refused with the nearest one', async () => {
    await expect(loadExperiment('runtimes')).rejects.toThrow(/runtimes: not known; did you mean runtime/);
  });

  // 7 optimizers × 2 problems × 10 seeds; 2 initialisations × 3 batch sizes × 10; (10 rates × 2 + 1) × 1.
  test.each([
    ['preconditioning', 140, 100],
    ['initialization', 60, 5],
    ['lr-sensitivity', 21, 100],
  ] as const)('%s has as many runs as were published', async (name, runs, epochs) => {
    const { statement } = await plannedExperiment(name);
    const plan = planOf('plan.yaml', planText('plan.yaml', statement('paper')));
    const expanded = await expandPlan(plan);
    expect(expanded).toMatchObject({ repeated: 0 });
    expect(expanded.runs.length).toBe(runs);
    expect(new Set(expanded.runs.map(({ configuration }) => configuration.numEpochs))).toEqual(new Set([epochs]));
    expect(new Set(expanded.runs.map(({ configuration }) => configuration.data.source))).toEqual(new Set(['real']));
  });

  test('the tuned rates of the paper scale are those of the published baselines', async () => {
    const { statement } = await plannedExperiment('preconditioning');
    const { runs } = await expandPlan(planOf('plan.yaml', planText('plan.yaml', statement('paper'))));
    const rates = runs
      .filter(({ request, configuration }) => configuration.seed === 42 && request.testproblem === 'cifar10_3c3d')
      .map(({ request }) => [request.optimizer, request.hyperparameters?.lr]);
    expect(Object.fromEntries(rates)).toMatchObject({
      sgd: 0.04832930238571752,
      'preconditioned-tuned-sgd': 0.04832930238571752,
      momentum: 0.00379269019073225,
      'preconditioned-tuned-momentum': 0.00379269019073225,
      adam: 0.00029763514416313193,
    });
  });

  test.each(experimentNames())('%s has a page at every scale before anything has been run', async (name) => {
    const experiment = await loadExperiment(name);
    for (const scale of SCALES) {
      const parts =
        experiment.kind === 'plan' ? await experiment.results([], scale) : await experiment.results(null, scale);
      const page = await experimentPage({ experiment, scale, parts, progress: [], commands: ['true'], version: '0' });
      expect(page).toContain('Nothing has been measured yet.');
      expect(page.match(/<svg/g)?.length).toBe(parts.length);
      const wrong = /(?:>|"|,|\()(?:NaN|undefined|Infinity)(?:<|"|,|\))/.exec(page);
      expect(wrong).toBeNull();
    }
  });
});

describe('results of preconditioning', () => {
  // The published means themselves, at the first eleven epochs: they agree with what they are.
  const run = (label: string, seed: number, accuracies: readonly number[], changes: Partial<RecordedRun> = {}) =>
    exampleRun({
      testproblem: 'fmnist_2c2d',
      optimizer: label,
      label,
      seed,
      numEpochs: accuracies.length - 1,
      curves: curves(accuracies),
      ...changes,
    });

  test('agree with themselves, and not with others', async () => {
    const { results } = await plannedExperiment('preconditioning');
    const [part] = await results([run('SGD', 42, [0.1, 0.1]), run('SGD', 43, [0.1, 0.1])], 'laptop');
    const row = part?.agreement.find(({ panel }) => panel === 'fmnist_2c2d test_accuracies');
    // Untrained networks guess, there as here; after an epoch of training they do not.
    expect(row).toMatchObject({ key: 'SGD', compared: 2, inside: 1 });
    expect(row?.largest?.x).toBe(1);
  });

  test('synthetic data are set beside nothing', async () => {
    const { results } = await plannedExperiment('preconditioning');
    const conditions = { ...exampleRun().conditions, dataSource: 'synthetic' as const, syntheticSize: 100 };
    const [part] = await results([run('SGD', 42, [0.1, 0.5], { conditions })], 'smoke');
    expect(part?.agreement).toEqual([]);
    expect(part?.ours?.title).toContain('synthetic data');
  });

  test('runs that diverged are counted and in no mean', async () => {
    const { results } = await plannedExperiment('preconditioning');
    const diverged = run('PreconditionedSGD', 43, [0.1, 0.2], {
      status: { state: 'diverged', epoch: 1, step: 3, reason: 'NaN' },
    });
    const [part] = await results([run('PreconditionedSGD', 42, [0.1, 0.8]), diverged], 'laptop');
    const row = part?.agreement.find(({ panel }) => panel.endsWith('test_accuracies'));
    expect(row).toMatchObject({ lost: 1 });
    expect(row?.last?.ours).toMatchObject({ n: 1, value: 0.8 });
  });
});

describe('results of initialization', () => {
  test('stand beside all six published curves', async () => {
    const { results } = await plannedExperiment('initialization');
    const [part] = await results([], 'paper');
    const keys = new Set(part?.published?.records.map(({ optimizer }) => optimizer));
    expect(keys.size).toBe(6);
    // Figure 4.4: the same runs after five epochs, test accuracy at batch size 32 and DeepOBS' initialisation.
    const last = part?.published?.records.findLast(
      ({ optimizer, metric }) => optimizer === "batch size 32, DeepOBS' initialisation" && metric === 'test_losses',
    );
    expect(last).toMatchObject({ epoch: 5, n: 10 });
  });
});

describe('a page', () => {
  test('has each command on a line of its own', async () => {
    const experiment = await plannedExperiment('initialization');
    const commands = ['probprec sweep run a', 'probprec sweep status a'];
    const page = await experimentPage({ experiment, scale: 'smoke', parts: [], progress: [], commands, version: '0' });
    expect(page).toContain('<pre>probprec sweep run a\nprobprec sweep status a\n</pre>');
  });
});

describe('results of lr-sensitivity', () => {
  test('mark the rates at which runs diverged', async () => {
    const { results } = await plannedExperiment('lr-sensitivity');
    const diverged = exampleRun({
      testproblem: 'fmnist_2c2d',
      label: 'SGD',
      hyperparameters: { lr: 10 },
      curves: curves([0.1]),
      status: { state: 'diverged', epoch: 0, step: 1, reason: 'NaN' },
    });
    const good = exampleRun({ testproblem: 'fmnist_2c2d', label: 'SGD', curves: curves([0.1, 0.5]) });
    const [part] = await results([good, diverged], 'laptop');
    const figure = part?.ours;
    expect(figure?.caption).toContain('SGD: 1 of 2 diverged or stopped');
    const { spec } = await drawFigure(figure as NonNullable<typeof figure>, { width: 400, fontSize: 8 });
    expect(JSON.stringify(spec)).toContain('{"values":[{"key":"SGD","x":10}]}');
  });

  test('say up to which rate every run ends', async () => {
    const { results } = await plannedExperiment('lr-sensitivity');
    const at = (lr: number, state: 'completed' | 'diverged') =>
      exampleRun({
        testproblem: 'fmnist_2c2d',
        label: 'SGD',
        hyperparameters: { lr },
        curves: curves([0.1, 0.5]),
        ...(state === 'completed' ? {} : { status: { state, epoch: 1, step: 1, reason: 'NaN' } }),
      });
    const [part] = await results([at(0.01, 'completed'), at(0.1, 'completed'), at(10, 'diverged')], 'laptop');
    expect(part?.findings).toEqual(['SGD: every run ends up to 0.1, and every run diverges from 10 on (3 runs).']);
  });
});
