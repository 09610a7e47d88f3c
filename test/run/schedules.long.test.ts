import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../src/errors.js';
import type { OptimizerDefinition } from '../../src/optimizer/index.js';
import {
  hashConfiguration,
  readRunFile,
  recordRunFile,
  reproducibleContent,
  validateResultFile,
} from '../../src/results/index.js';
import { executeRun, resolveConfiguration } from '../../src/run/index.js';
import { scheduleFactor } from '../../src/schedule/index.js';
import { plannedRuns, planOf, planText, rerunStatement } from '../../src/sweep/index.js';
import { runArguments } from '../../src/sweep/run-arguments.js';
import { loadedCommand } from '../cli/loaded-command.js';
import { interruptedWhen, runSmall, smallRequest, temporaryFolder } from './small-run.js';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => rm(folder, { recursive: true }));

const cosine = { schedule: 'cosine', warmup: 0.05 };

/** A run whose optimizer brings its schedule itself. */
async function runWith(schedule: OptimizerDefinition['schedule'], optimizer = 'sgd') {
  const resolved = await resolveConfiguration({ ...smallRequest, optimizer, trainLogInterval: 1 });
  const own = { ...resolved, optimizer: { ...resolved.optimizer, ...(schedule && { schedule }) } };
  const options = { dataDir: folder, outputDir: folder, resume: false, overwrite: true, fetch: false };
  return (await executeRun(own, options)).runFile;
}

describe('a schedule by step', () => {
  test('multiplies the learning rate in each step, and is written down by name', async () => {
    const { runFile, path } = await runSmall(folder, { schedule: cosine, trainLogInterval: 1 });
    expect(runFile.training_params).toEqual({ schedule: 'cosine', warmup: 0.05, schedule_end: 0 });
    expect(runFile.configuration.schedule).toEqual(runFile.training_params);
    expect(path).toMatch(/lr__1\.e-01__schedule__cosine__schedule_end__0\.e\+00__warmup__5\.e-02.random_seed/);
    expect(await readRunFile(path)).toEqual(runFile);
    expect((await validateResultFile(path)).faults).toEqual([]);
    const seen: number[] = [];
    const own = await runWith(({ step, steps, epoch, stepsPerEpoch }, { lr }) => {
      expect([steps, stepsPerEpoch, epoch, lr]).toEqual([45, 15, Math.floor(step / 15), 0.1]);
      seen.push(step);
      return scheduleFactor({ schedule: 'cosine', warmup: 0.05, schedule_end: 0 }, { step, steps });
    });
    expect(seen).toEqual(Array.from({ length: 45 }, (_, step) => step));
    expect(own.minibatch_train_losses).toEqual(runFile.minibatch_train_losses);
    expect(own.minibatch_train_losses).not.toEqual((await runWith(undefined)).minibatch_train_losses);
  });

  test.each(['adaptive-sgd', 'lookahead(adam)'])('scales %s as a schedule by epochs does', async (optimizer) => {
    const given = { optimizer, hyperparameters: {}, trainLogInterval: 1 };
    const byEpoch = await runSmall(folder, { ...given, lrSchedule: { epochs: [1], factors: [0.5] } });
    // A share that is no whole epoch keeps it a schedule by step: one step before and after the change differ.
    const resolved = await resolveConfiguration({ ...smallRequest, ...given });
    const schedule = ({ step }: { step: number }) => (step < 15 ? 1 : 0.5);
    const own = { ...resolved, optimizer: { ...resolved.optimizer, schedule } };
    const options = { dataDir: folder, outputDir: folder, resume: false, overwrite: true, fetch: false };
    const { runFile } = await executeRun(own, options);
    expect(runFile.minibatch_train_losses).toEqual(byEpoch.runFile.minibatch_train_losses);
  });

  test('goes on from a checkpoint with the same numbers', async () => {
    const changes = { schedule: { schedule: 'one-cycle' }, optimizer: 'adamw', hyperparameters: {} };
    const whole = await runSmall(folder, changes);
    const other = await temporaryFolder();
    try {
      await runSmall(
        other,
        changes,
        interruptedWhen((event) => event.type === 'step' && event.epoch === 3 && event.step === 4),
      );
      const resumed = await runSmall(other, changes);
      expect(resumed.runFile.resumed).toHaveLength(1);
      expect(reproducibleContent(resumed.runFile)).toEqual(reproducibleContent(whole.runFile));
    } finally {
      await rm(other, { recursive: true });
    }
  });
});

describe('identity', () => {
  const hashOf = async (changes: object) =>
    hashConfiguration((await resolveConfiguration({ ...smallRequest, ...changes })).configuration);

  test('is by effect', async () => {
    const plain = await hashOf({});
    expect(await hashOf({ schedule: { schedule: 'constant' } })).toBe(plain);
    expect(await hashOf({ schedule: { schedule: 'cosine', schedule_end: 1 } })).toBe(plain);
    const steps = { schedule: 'steps', schedule_milestones: [0.5, 0.75] };
    expect(await hashOf({ numEpochs: 4, schedule: steps })).toBe(
      await hashOf({ numEpochs: 4, lrSchedule: { epochs: [2, 3], factors: [0.1, 0.01] } }),
    );
    const different = [{}, { warmup: 0.05 }, { warmup: 0.1 }, { schedule_end: 0.1 }].map((more) =>
      hashOf({ schedule: { schedule: 'cosine', ...more } }),
    );
    expect(new Set([plain, ...(await Promise.all(different))]).size).toBe(5);
    expect(await hashOf({ schedule: { schedule: 'cosine', warmup: '0.05', schedule_end: 0 } })).toBe(
      await hashOf({ schedule: cosine }),
    );
  });

  test('of a recorded run is that of others with the same schedule only', async () => {
    const [first, second, other] = await Promise.all(
      [{ schedule: cosine }, { schedule: cosine, seed: 43 }, {}].map(async (changes) => {
        const { path, runFile } = await runSmall(folder, { ...changes, numEpochs: 1 });
        return recordRunFile(path, runFile).setting;
      }),
    );
    expect(first).toBe(second);
    expect(first).not.toBe(other);
  });

  test.each([
    [{ schedule: cosine, lrSchedule: { epochs: [1], factors: [0.1] } }, /^schedule: found lrSchedule.epochs as well/],
    [{ schedule: { warmup: 0.1 }, lrSchedule: { epochs: [1], factors: [0.1] } }, /^warmup: found lrSchedule.epochs/],
    [{ schedule: { schedule: 'cosin' } }, /^schedule cosin: not known; did you mean cosine/],
  ])('%o is refused', async (changes, message) => {
    const error = await resolveConfiguration({ ...smallRequest, ...changes }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toMatch(message);
  });
});

describe('in a plan', () => {
  const text = `testproblems: mnist_logreg
optimizers:
  - { name: sgd, settings: { lr: [0.1, 0.2], schedule: [constant, cosine], warmup: [0, 0.05] } }
  - { name: lookahead(adam), options: { schedule: trapezoid } }
seeds: 42
options: { num_epochs: 2, data: synthetic, synthetic_size: 600, batch_size: 32 }
resources: { threads: 1 }
`;

  test('schedules are searched like hyperparameters, and commands and best plans state them', async () => {
    const plan = planOf(`${folder}/plan.yaml`, text);
    const runs = await plannedRuns(plan);
    expect(runs).toHaveLength(9);
    const stated = runs.map(({ configuration }) => configuration.schedule?.schedule ?? null);
    expect(stated.filter((name) => name === 'cosine')).toHaveLength(4);
    expect(stated.at(-1)).toBe('trapezoid');
    const cosines = runs.filter(({ configuration }) => configuration.schedule?.schedule === 'cosine');
    const last = cosines.at(-1);
    if (last === undefined) throw new Error('no run');
    expect(runArguments(plan, last).join(' ')).toContain('--optimizer sgd --lr 0.2');
    expect(runArguments(plan, last).join(' ')).toContain('--schedule cosine --warmup 0.05');
    const rerun = rerunStatement(
      plan,
      [{ settings: [{ run: last, value: 1 }], testproblem: 'mnist_logreg', optimizer: 'SGD' }] as never,
      [42],
      { file: `${folder}/best.yaml`, name: 'best' },
    );
    const [again] = await plannedRuns(planOf(`${folder}/best.yaml`, planText(`${folder}/best.yaml`, rerun)));
    expect(again?.hash).toBe(last.hash);
  });

  test('the command line plans, trains, ranks and compares them', async () => {
    const run = (line: string[]) => loadedCommand(line, { cwd: folder });
    const data = ['--num-epochs', '2', '--data', 'synthetic', '--synthetic-size', '600', '--batch-size', '32'];
    const planned = await run([
      ...['sweep', 'plan', '--testproblem', 'mnist_logreg', '--optimizer', 'sgd', 'lookahead(adam)', ...data],
      ...['--grid', 'sgd.schedule=cosine,constant', '--warmup', '0.25', '-o', 'plan.yaml', '--threads', '1'],
    ]);
    expect(planned.code, planned.stderr).toBe(0);
    expect(planned.stderr).toContain('3 runs');
    const swept = await run(['sweep', 'run', 'plan.yaml', '--quiet']);
    expect(swept.code, swept.stderr).toBe(0);
    const best = await run(['sweep', 'best', 'plan.yaml']);
    expect(best.stdout).toMatch(/schedule=c\w+, warmup=0\.25/);
    const rerun = await run(['sweep', 'rerun-best', 'plan.yaml', '--seeds', '42', '-o', 'again.yaml']);
    expect(rerun.code, rerun.stderr).toBe(0);
    expect((await run(['sweep', 'status', 'again.yaml'])).stdout).toMatch(/2 completed/);
    const compared = await run(['compare', 'results', '--all-settings', '--baselines', 'none', '--format', 'markdown']);
    expect(compared.stdout).toContain('cosine, 25 % warm-up');
    expect(compared.stdout).toContain('constant, 25 % warm-up');
    expect(compared.stdout).toContain('Lookahead(Adam)');
    const refused = await run(['run', '--testproblem', 'mnist_logreg', '--optimizer', 'sgd', '--schedule', 'cosin']);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/^probprec: --schedule: found "cosin", expected one of .*did you mean cosine/);
  });
});
