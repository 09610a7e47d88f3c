import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { executeRun, type ResolvedRun, type RunEvent } from '../../src/run/index.js';
import { compareRuntime, competitors, resolveCompetitor, settingInWords, timeRun } from '../../src/timing/index.js';

const small = {
  testproblem: 'mnist_logreg',
  data: 'synthetic',
  syntheticSize: 300,
  batchSize: 50,
  numEpochs: 2,
  threads: 1,
} as const;

const resolve = (optimizer: string, given: Record<string, unknown> = {}): Promise<ResolvedRun> =>
  resolveCompetitor(optimizer, given, 0.01, small);

/** An empty folder, removed after the test. */
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'probprec-timing-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

describe('timeRun', () => {
  it('does the steps that run does, and writes nothing', async () => {
    const folder = await newFolder();
    const resolved = await resolve('momentum');
    const losses: number[] = [];
    const onEvent = (event: RunEvent) => {
      if (event.type === 'step' && (event.step - 1) % 10 === 0) losses.push(event.loss);
    };
    const timed = await timeRun(resolved, { dataDir: folder, onEvent });
    expect(await readdir(folder)).toEqual([]);
    const options = { dataDir: folder, outputDir: folder, resume: false, overwrite: false };
    const { runFile } = await executeRun(resolved, options);
    expect(losses).toEqual(runFile.minibatch_train_losses);
    expect(timed.stepsPerEpoch).toBe(5);
  });

  it('times training within the whole run, on both clocks', async () => {
    const { seconds } = await timeRun(await resolve('sgd'), { dataDir: 'unused' });
    for (const clock of ['wall', 'cpu'] as const) {
      expect(seconds.training[clock]).toBeGreaterThan(0);
      expect(seconds.whole[clock]).toBeGreaterThan(seconds.training[clock]);
    }
  });

  it('says where a run diverged', async () => {
    const { diverged } = await timeRun(await resolve('sgd', { lr: '1e38' }), { dataDir: 'unused' });
    expect(diverged).toMatch(/^the loss of minibatch \d+ of epoch 1 is /);
    expect((await timeRun(await resolve('sgd'), { dataDir: 'unused' })).diverged).toBeNull();
  });
});

describe('compareRuntime', () => {
  it('warms up, then runs all in turn, each repeat from another one on', async () => {
    const runs = await Promise.all(['sgd', 'momentum', 'adam'].map((name) => resolve(name)));
    const order: string[] = [];
    const epochs: number[] = [];
    const comparison = await compareRuntime(runs, {
      dataDir: 'unused',
      repeats: 4,
      onStart: (repeat, optimizer) => order.push(`${repeat} ${optimizer}`),
      onEvent: (event) => {
        if (event.type === 'epoch') epochs.push(event.epoch);
      },
    });
    expect(order).toEqual([
      ...['0 sgd', '0 momentum', '0 adam'],
      ...['1 sgd', '1 momentum', '1 adam'],
      ...['2 momentum', '2 adam', '2 sgd'],
      ...['3 adam', '3 sgd', '3 momentum'],
      ...['4 sgd', '4 momentum', '4 adam'],
    ]);
    expect(epochs).toEqual([1, 1, 1, ...new Array(12).fill([1, 2]).flat()]);
    const [sgd, momentum] = comparison.competitors;
    expect(sgd?.ratios).toBeNull();
    expect(sgd?.runs).toHaveLength(4);
    for (const [repeat, ratio] of momentum?.ratios?.training.wall.values.entries() ?? []) {
      const wall = (of: typeof sgd) => of?.runs[repeat]?.training.wall ?? 0;
      expect(ratio).toBe(wall(momentum) / wall(sgd));
    }
    expect(momentum?.ratios?.whole.cpu.values).toHaveLength(4);
  });

  it('leaves out what diverges, but not the reference', async () => {
    const [sgd, wild, adam] = [await resolve('sgd'), await resolve('momentum', { lr: '1e38' }), await resolve('adam')];
    const order: string[] = [];
    const comparison = await compareRuntime([sgd, wild, adam], {
      dataDir: 'unused',
      repeats: 1,
      onRun: (repeat, optimizer) => order.push(`${repeat} ${optimizer}`),
      onDiverged: (repeat, optimizer, reason) => order.push(`${repeat} ${optimizer}: ${reason.slice(0, 8)}`),
    });
    expect(order).toEqual(['0 sgd', '0 momentum: the loss', '0 adam', '1 sgd', '1 adam']);
    const [, lost, kept] = comparison.competitors;
    expect(lost).toMatchObject({ diverged: expect.stringContaining('minibatch'), runs: [], ratios: null });
    expect(kept).toMatchObject({ diverged: null, ratios: { training: { wall: { values: [expect.any(Number)] } } } });
    await expect(compareRuntime([wild, sgd], { dataDir: 'unused', repeats: 1 })).rejects.toThrow(
      /^momentum diverged \(.*\), expected a reference that runs to its end; set momentum\.lr=VALUE/,
    );
  });

  it('stops at an abort with its reason', async () => {
    const controller = new AbortController();
    const reason = new Error('stop');
    const comparing = compareRuntime([await resolve('sgd')], {
      dataDir: 'unused',
      repeats: 2,
      signal: controller.signal,
      onEvent: (event) => {
        if (event.type === 'step') controller.abort(reason);
      },
    });
    await expect(comparing).rejects.toBe(reason);
  });
});

describe('competitors', () => {
  it('puts sgd first, once, whether named or not', () => {
    expect(competitors(['adam', 'momentum'])).toEqual(['sgd', 'adam', 'momentum']);
    expect(competitors(['adam', 'sgd'])).toEqual(['sgd', 'adam']);
    expect(() => competitors(['adam', 'sgd', 'adam'])).toThrow(/optimizers: found adam twice/);
  });

  it("takes the thesis' optimizers by default, as far as they exist", () => {
    expect(competitors(undefined).slice(0, 2)).toEqual(['sgd', 'adam']);
  });

  it('fills in the learning rate of SGD and one that is required, no other', async () => {
    const rate = async (optimizer: string, given = {}) =>
      (await resolve(optimizer, given)).configuration.optimizer.hyperparameters.lr;
    expect(await rate('momentum')).toBe(0.01);
    expect(await rate('sgd')).toBe(0.01);
    expect(await rate('adam')).toBe(0.001);
    expect(await rate('momentum', { lr: '0.5' })).toBe(0.5);
  });

  it('times the preconditioner where it finishes, unless another setting is asked for', async () => {
    const setting = async (given = {}) => settingInWords(await resolve('preconditioned-sgd', given));
    expect(await setting()).toBe('lr=0.05 scaling=relative');
    expect(await setting({ scaling: 'sqrt', est_rank: '3' })).toBe('lr=0.05 est_rank=3 scaling=sqrt');
    expect(settingInWords(await resolve('adaptive-sgd'))).toBe('');
    expect(settingInWords(await resolve('momentum'))).toBe('lr=0.01');
  });

  it('says which name in --optimizers is wrong', async () => {
    await expect(resolve('momentun')).rejects.toThrow(/^optimizers momentun: not known; did you mean momentum/);
  });

  it('says which --set is wrong', async () => {
    await expect(resolve('momentum', { momentum: '2' })).rejects.toThrow(/^set momentum\.momentum: found "2"/);
    await expect(resolve('momentum', { momenta: '2' })).rejects.toThrow(/hyperparameter of momentum/);
  });
});
