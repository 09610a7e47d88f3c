import { describe, expect, test } from 'vitest';
import {
  aggregate,
  groupSettings,
  PUBLISHED_TARGETS,
  rankSettings,
  summariseTarget,
  timeToTarget,
} from '../../src/analysis/index.js';
import { userTarget } from '../../src/analysis/targets.js';
import { curves, divergedRun, exampleRun, exampleRuns, lossCurves } from './example.js';

const lr = (value: number) => ({ hyperparameters: { lr: value } });
const interrupted = { state: 'interrupted', epoch: 1, step: null, reason: 'by the user' } as const;

describe('grouping', () => {
  test('runs of one setting belong together, whatever the machine', () => {
    const other = exampleRun({ seed: 43 });
    const settings = groupSettings([
      exampleRun({ seed: 44 }),
      { ...other, conditions: { ...other.conditions, machine: 'another' } },
    ]);
    expect(settings.map(({ runs }) => runs.map(({ seed }) => seed))).toEqual([[43, 44]]);
  });

  test.each<[string, Parameters<typeof exampleRun>[0]]>([
    ['hyperparameters', lr(1)],
    ['optimizer', { optimizer: 'Adam' }],
    ['test problem', { testproblem: 'mnist_mlp' }],
    ['protocol', { conditions: { ...exampleRun().conditions, protocol: 'deepobs-beta' } }],
    ['protocol version', { conditions: { ...exampleRun().conditions, protocolVersion: 2 } }],
    ['data', { conditions: { ...exampleRun().conditions, dataSource: 'synthetic' } }],
    ['engine', { conditions: { ...exampleRun().conditions, engine: 'tfjs cpu' } }],
  ])('runs with another %s are never put together', (_, changes) => {
    expect(groupSettings([exampleRun(), exampleRun(changes)])).toHaveLength(2);
  });

  test('of several files of one run the completed, then the newest one counts', () => {
    const old = exampleRun({ file: 'old' });
    const cut = exampleRun({ file: 'cut', status: interrupted, startedAt: '2026-12-01' });
    const fresh = exampleRun({ file: 'fresh', startedAt: '2026-11-30' });
    const [setting] = groupSettings([old, cut, fresh]);
    expect(setting?.runs.map(({ file }) => file)).toEqual(['fresh']);
    expect(setting?.superseded.map(({ file }) => file)).toEqual(['old', 'cut']);
  });
});

describe('an aggregate', () => {
  test('by hand', () => {
    const { metrics, counts, seeds } = aggregate(exampleRuns([0.8, 0.9]));
    expect({ counts, seeds }).toEqual({
      counts: { completed: 2, diverged: 0, interrupted: 0, failed: 0 },
      seeds: [42, 43],
    });
    const accuracy = metrics.test_accuracies;
    expect(accuracy?.final.mean).toBeCloseTo(0.85, 15);
    expect(accuracy?.final.populationStd).toBeCloseTo(0.05, 15);
    expect(accuracy?.final.sampleStd).toBeCloseTo(0.05 * Math.SQRT2, 15);
    expect(accuracy?.curve.map(({ mean }) => mean)).toEqual([0.1, 0.5, expect.closeTo(0.85, 12)]);
    expect([...(accuracy?.finalValues ?? [])]).toEqual([
      [42, 0.8],
      [43, 0.9],
    ]);
    // t with one degree of freedom: 12.706 · 0.0707 / √2
    expect(accuracy?.interval?.high).toBeCloseTo(0.85 + 12.7062 * 0.05, 4);
  });

  test('diverged and interrupted runs are counted, not averaged', () => {
    const runs = [...exampleRuns([0.8, 0.9]), divergedRun({ seed: 50 }), exampleRun({ seed: 51, status: interrupted })];
    const { metrics, counts, seeds } = aggregate(runs);
    expect(counts).toEqual({ completed: 2, diverged: 1, interrupted: 1, failed: 0 });
    expect(seeds).toEqual([42, 43, 50, 51]);
    expect(metrics.test_accuracies?.final).toMatchObject({ n: 2, mean: expect.closeTo(0.85, 12) });
  });

  test('the best point is one of the mean curve, the first of equal ones', () => {
    const run = exampleRun({ curves: curves([0.1, 0.9, 0.7, 0.9]) });
    expect(aggregate([run]).metrics.test_accuracies?.best).toEqual({ value: 0.9, epoch: 1 });
    expect(aggregate([run]).metrics.test_losses?.best?.epoch).toBe(1);
  });

  test('one seed, no seed, no accuracies, a value that is not finite', () => {
    expect(aggregate([exampleRun()]).metrics.test_losses).toMatchObject({ interval: null, final: { sampleStd: null } });
    expect(aggregate([]).metrics.test_losses).toBeNull();
    expect(aggregate([exampleRun({ curves: lossCurves([2, 1, 0.5]) })]).metrics.test_accuracies).toBeNull();
    const { metrics } = aggregate([exampleRun({ curves: lossCurves([2, 1, null]) }), exampleRun({ seed: 1 })]);
    expect(metrics.test_losses?.final.n).toBe(1);
    expect(metrics.test_losses?.curve.map(({ n }) => n)).toEqual([2, 2, 1]);
  });
});

describe("DeepOBS' ranking", () => {
  const rates = (options: Parameters<typeof rankSettings>[1], ...runs: ReturnType<typeof exampleRuns>[]) =>
    rankSettings(groupSettings(runs.flat()), options).settings.map(({ setting }) => setting.hyperparameters.lr);
  const good = exampleRuns([0.9], lr(1));
  const rerun = exampleRuns([0.8, 0.81, 0.82], lr(2));
  const peak = [exampleRun({ ...lr(3), curves: curves([0.1, 0.99, 0.5]) })];

  test('final, best and most', () => {
    expect(rates({ mode: 'final' }, peak, rerun, good)).toEqual([1, 2, 3]);
    expect(rates({ mode: 'best' }, peak, rerun, good)).toEqual([3, 1, 2]);
    expect(rates({ mode: 'most' }, peak, rerun, good)).toEqual([2, 1, 3]);
  });

  test('most becomes final when all have equally many runs', () => {
    const { mode, settings } = rankSettings(groupSettings([...peak, ...good]), { mode: 'most' });
    expect(mode).toBe('final');
    expect(settings[0]?.setting.hyperparameters.lr).toBe(1);
  });

  test('losses rank upwards, and stand in for accuracies that a problem has not', () => {
    const runs = [0.3, 0.1, 0.2].map((loss) => exampleRun({ ...lr(loss), curves: lossCurves([1, 0.05, loss]) }));
    expect(rates({ mode: 'final' }, runs)).toEqual([0.1, 0.2, 0.3]);
    expect(rankSettings(groupSettings(runs)).metric).toBe('valid_losses');
    const old = runs.map((run) => ({ ...run, curves: { ...run.curves, valid_losses: null } }));
    expect(rankSettings(groupSettings(old)).metric).toBe('test_losses');
    expect(rankSettings(groupSettings(runs), { mode: 'best' }).settings[0]?.value).toBe(0.05);
  });

  test('a setting with a diverged run stands behind those without, one with nothing else at the end', () => {
    const some = [...exampleRuns([0.99], lr(4)), divergedRun({ ...lr(4), seed: 43 })];
    const all = [divergedRun(lr(5))];
    expect(rates({ mode: 'final' }, all, some, good)).toEqual([1, 4, 5]);
    const twice = [divergedRun(lr(6)), divergedRun({ ...lr(6), seed: 43 })];
    expect(rates({ mode: 'most' }, twice, good)).toEqual([1, 6]);
  });

  test('of nothing is nothing', () => expect(rankSettings([]).settings).toEqual([]));
});

describe('time to target', () => {
  const target = userTarget(0.8, true);
  const reached = exampleRun({ curves: curves([0.1, 0.7, 0.8]), timing: { wallSeconds: [2, 3], cpuSeconds: [4, 5] } });
  const missed = exampleRun({ curves: curves([0.1, 0.7, 0.79]) });

  test('is the first epoch at the target, and the training seconds up to it', () => {
    expect(timeToTarget(reached, target)).toEqual({ kind: 'reached', epoch: 2, seconds: 5 });
    expect(timeToTarget({ ...reached, timing: null }, target)).toMatchObject({ epoch: 2, seconds: null });
    expect(timeToTarget(exampleRun({ curves: curves([0.8, 0.1, 0.1]) }), target)).toMatchObject({
      epoch: 0,
      seconds: 0,
    });
    expect(timeToTarget(exampleRun({ curves: lossCurves([9, 1]) }), userTarget(1, false))).toMatchObject({ epoch: 1 });
  });

  test('a value equal to the target has reached it, however it is stored', () => {
    for (const value of [0.8405, Math.fround(0.8405), 0.84049995]) {
      const run = exampleRun({ curves: curves([0.1, value]) });
      expect(timeToTarget(run, userTarget(0.8405, true)), String(value)).toMatchObject({ kind: 'reached', epoch: 1 });
    }
    const oneLess = exampleRun({ curves: curves([0.1, 0.8404]) });
    expect(timeToTarget(oneLess, userTarget(0.8405, true))).toEqual({ kind: 'missed' });
    const loss = exampleRun({ curves: lossCurves([99, Math.fround(87.7)]) });
    expect(timeToTarget(loss, userTarget(87.7, false))).toMatchObject({ epoch: 1 });
  });

  test('a miss stays a miss; what was interrupted before is unknown; what diverged afterwards was reached', () => {
    expect(timeToTarget(missed, target)).toEqual({ kind: 'missed' });
    expect(timeToTarget({ ...missed, status: interrupted }, target)).toEqual({ kind: 'unknown' });
    expect(timeToTarget(divergedRun({ curves: curves([0.1, 0.2]) }), target)).toEqual({ kind: 'missed' });
    expect(timeToTarget(divergedRun(), target)).toMatchObject({ kind: 'reached', epoch: 1 });
  });

  test('the median counts a miss as later than everything, and is none when it is a miss itself', () => {
    expect(summariseTarget([reached, reached, missed], target)).toMatchObject({
      ...{ reached: 2, missed: 1, unknown: 0, medianEpoch: 2, medianSeconds: 5 },
    });
    expect(summariseTarget([reached, missed], target)).toMatchObject({ medianEpoch: null, medianSeconds: null });
    expect(summariseTarget([{ ...missed, status: interrupted }, reached], target)).toMatchObject({
      ...{ unknown: 1, medianEpoch: 2 },
    });
    expect(summariseTarget([], target)).toMatchObject({ reached: 0, medianEpoch: null });
  });

  test('published targets say where they come from', () => {
    expect(PUBLISHED_TARGETS.fmnist_2c2d).toMatchObject({ metric: 'test_accuracies', value: 0.9198093278634639 });
    expect(PUBLISHED_TARGETS.quadratic_deep?.metric).toBe('test_losses');
    for (const { source } of Object.values(PUBLISHED_TARGETS)) expect(source).toContain('convergence_performance.json');
  });
});
