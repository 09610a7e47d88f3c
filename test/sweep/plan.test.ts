import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashConfiguration } from '../../src/results/index.js';
import { resolveConfiguration } from '../../src/run/index.js';
import { expandPlan, plannedRuns, planOf, planText, readPlan } from '../../src/sweep/index.js';
import { runArguments } from '../../src/sweep/run-arguments.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probprec-plan-'));
});
afterEach(() => rm(folder, { recursive: true }));

const LARGE = `
name: large
testproblems:
  - mnist_logreg
  - name: mnist_mlp
    options: { num_epochs: 3, l2_reg: 0.001 }
optimizers:
  - sgd
  - name: momentum
    testproblems: [mnist_logreg]
    settings:
      - { momentum: [0.9, 0.99] }
      - { lr: 0.5, momentum: 0.5 }
    options: { batch_size: 64, lr_schedule_epochs: [1], lr_schedule_factors: [0.1] }
settings:
  lr: [0.1, 0.01]
seeds: [42, 44-45]
options:
  num_epochs: 2
  data: synthetic
  synthetic_size: 600
output_dir: out
data_dir: /data
resources: { jobs: 2, threads: 1, time: "01:00:00", runs_per_task: 3 }
`;

describe('a plan file', () => {
  test('is read with defaults, and folders relative to it', async () => {
    const path = join(folder, 'small.yaml');
    await writeFile(path, 'testproblems: mnist_logreg\noptimizers: sgd\n');
    expect(await readPlan(path)).toMatchObject({
      path,
      name: 'small',
      seeds: [42],
      outputDir: join(folder, 'results'),
      dataDir: undefined,
      resources: {},
    });
    expect(planOf(path, LARGE)).toMatchObject({
      name: 'large',
      seeds: [42, 44, 45],
      outputDir: join(folder, 'out'),
      dataDir: resolve('/data'),
      resources: { jobs: 2, threads: 1, time: '01:00:00', runsPerTask: 3 },
    });
  });

  test('may be JSON', async () => {
    const path = join(folder, 'plan.json');
    const stated = {
      testproblems: ['mnist_logreg'],
      optimizers: ['sgd'],
      settings: { lr: 'log:0.1:1:3' },
      seeds: '1-2',
    };
    await writeFile(path, planText(path, stated));
    expect(await plannedRuns(await readPlan(path))).toHaveLength(6);
  });

  test('that is not there says how to get one', async () => {
    await expect(readPlan('none.yaml')).rejects.toThrow(/^none\.yaml: no such file; .*sweep plan/);
  });
});

describe('the runs of a plan', () => {
  test('may have an optimizer several times, for different test problems', async () => {
    const entry = (name: string, lr: number) => ({ name: 'sgd', testproblems: [name], settings: { lr } });
    const optimizers = [entry('mnist_mlp', 0.1), entry('mnist_logreg', 0.2), entry('mnist_logreg', 0.3)];
    const stated = planText('p.yaml', { testproblems: ['mnist_logreg', 'mnist_mlp'], optimizers, seeds: 42 });
    const runs = await plannedRuns(planOf('p.yaml', stated));
    expect(runs.map(({ request }) => [request.testproblem, request.hyperparameters?.lr])).toEqual([
      ['mnist_logreg', 0.2],
      ['mnist_logreg', 0.3],
      ['mnist_mlp', 0.1],
    ]);
  });

  test('of the example in the guide', async () => {
    const guide = await readFile('docs/sweeps.md', 'utf8');
    const plan = planOf('p.yaml', /```yaml\n(.*?)```/s.exec(guide)?.[1] ?? '');
    const optimizers = plan.optimizers.filter(({ name }) => !name.endsWith('mine.js'));
    const runs = await plannedRuns({ ...plan, optimizers });
    const of = runs.map(({ configuration: { testproblem, optimizer } }) => `${testproblem} ${optimizer.name}`);
    expect([...new Set(of)].map((name) => `${name} ${of.filter((other) => other === name).length}`)).toEqual([
      'mnist_logreg sgd 20',
      'mnist_logreg momentum 40',
      'mnist_logreg adam 10',
      'fmnist_2c2d sgd 20',
      'fmnist_2c2d momentum 40',
      'fmnist_2c2d adam 10',
    ]);
    expect(runs.at(-1)?.configuration).toMatchObject({ numEpochs: 20, batchSize: 128 });
  });

  test('train the versions of a test problem that are stated', async () => {
    const text =
      'testproblems:\n  - name: cifar10_3c3d_roos\n    options: { init: deepobs }\n' +
      '  - name: cifar10_3c3d_roos\n    options: { init: pytorch }\n  - name: cifar10_3c3d_roos\noptimizers: sgd\n';
    const { runs, repeated } = await expandPlan(planOf(join(folder, 'p.yaml'), text));
    expect(runs.map(({ configuration: { testproblem, init } }) => [testproblem, init])).toEqual([
      ['cifar10_3c3d_roos', 'deepobs'],
      ['cifar10_3c3d_roos', 'pytorch'],
    ]);
    expect(repeated).toBe(1);
    const plan = planOf(join(folder, 'p.yaml'), text);
    expect(runs.map((run) => runArguments(plan, run).join(' ').includes('--init pytorch'))).toEqual([false, true]);
    await expect(plannedRuns(planOf('p.yaml', text.replace('init: pytorch', 'init: none')))).rejects.toThrow(
      /^p\.yaml:5: init: found "none", expected one of deepobs, pytorch/,
    );
  });

  test('come in the order of the file, with the most specific options', async () => {
    const runs = await plannedRuns(planOf(join(folder, 'p.yaml'), LARGE));
    const told = runs.map(({ configuration: { testproblem, optimizer, seed, numEpochs, batchSize, l2Reg } }) =>
      [
        testproblem,
        optimizer.name,
        ...Object.values(optimizer.hyperparameters),
        seed,
        numEpochs,
        batchSize,
        l2Reg,
      ].join(' '),
    );
    expect(told.filter((_, index) => index % 3 === 0)).toEqual([
      'mnist_logreg sgd 0.1 42 2 128 ',
      'mnist_logreg sgd 0.01 42 2 128 ',
      'mnist_logreg momentum 0.1 0.9 42 2 64 ',
      'mnist_logreg momentum 0.1 0.99 42 2 64 ',
      'mnist_logreg momentum 0.01 0.9 42 2 64 ',
      'mnist_logreg momentum 0.01 0.99 42 2 64 ',
      'mnist_logreg momentum 0.5 0.5 42 2 64 ',
      'mnist_mlp sgd 0.1 42 3 128 0.001',
      'mnist_mlp sgd 0.01 42 3 128 0.001',
    ]);
    expect(told.slice(0, 3).map((text) => text.split(' ')[3])).toEqual(['42', '44', '45']);
    expect(runs.map(({ index }) => index)).toEqual(runs.map((_, index) => index));
    expect(runs[6]?.configuration.lrSchedule).toEqual({ epochs: [1], factors: [0.1] });
  });

  test('are what run makes of the same request, and have its hash', async () => {
    const runs = await plannedRuns(planOf(join(folder, 'p.yaml'), LARGE));
    for (const { request, configuration, hash } of runs) {
      const { configuration: own } = await resolveConfiguration(request);
      expect(configuration).toEqual(own);
      expect(hash).toBe(hashConfiguration(own));
    }
    expect(new Set(runs.map(({ hash }) => hash)).size).toBe(runs.length);
  });

  test('are the same list, byte for byte, whenever the plan is read', async () => {
    const lists = [LARGE, LARGE].map(async (text) =>
      JSON.stringify(await plannedRuns(planOf(join(folder, 'p.yaml'), text))),
    );
    const [first, second] = await Promise.all(lists);
    expect(second).toBe(first);
  });

  test('count once, at their first place, when they are stated twice', async () => {
    const text =
      'testproblems: mnist_logreg\noptimizers: [{ name: sgd, settings: [{ lr: [1, 2] }, { lr: [2, 3] }] }]\n';
    const { runs, repeated } = await expandPlan(planOf('p.yaml', text));
    expect(runs.map(({ request }) => request.hyperparameters?.lr)).toEqual([1, 2, 3]);
    expect(repeated).toBe(1);
  });

  test("of a user's optimizer find its file beside the plan", () => {
    const plan = planOf(join(folder, 'p.yaml'), 'testproblems: mnist_logreg\noptimizers: ./mine.mjs\n');
    expect(plan.optimizers[0]?.name).toBe(join(folder, 'mine.mjs'));
  });
});

describe('what is wrong with a plan is one line with its place:', () => {
  const start = 'testproblems: mnist_logreg\noptimizers: sgd\n';
  test.each([
    ['no YAML', 'a: [1\nb: }', /^p\.yaml:\d+: not valid YAML/],
    ['a key stated twice', `${start}seeds: 1\nseeds: 2\n`, /^p\.yaml:4: not valid YAML/],
    ['nothing', '', /^p\.yaml:1: the plan: missing, expected a mapping/],
    ['a list', '- 1', /^p\.yaml:1: the plan: found \[1\], expected a mapping/],
    ['no optimizers', 'testproblems: mnist_logreg\n', /^p\.yaml:1: optimizers: missing, expected a list/],
    ['an empty list', 'testproblems: []\noptimizers: sgd', /^p\.yaml:1: testproblems: found an empty list/],
    [
      'a mistyped key',
      `${start}setings: { lr: 1 }\n`,
      /^p\.yaml:3: found the key "setings", .*did you mean settings\?/,
    ],
    [
      'a mistyped option',
      `${start}options:\n  num_epoch: 3\n`,
      /^p\.yaml:4: options: found the key "num_epoch".*did you mean num_epochs\?/,
    ],
    [
      'a mistyped key of an entry',
      'testproblems: mnist_logreg\noptimizers:\n  - name: sgd\n    setings: {}\n',
      /^p\.yaml:4: optimizers\.0: .*did you mean settings\?/,
    ],
    [
      'an unknown test problem',
      'testproblems:\n  - mnist_logreg\n  - mnist_logrg\noptimizers: sgd\n',
      /^p\.yaml:3: testproblem mnist_logrg: not known; did you mean mnist_logreg/,
    ],
    [
      'a name that would break the line',
      '{"testproblems": "\\r", "optimizers": ["sgd"]}',
      /^p\.yaml:1: testproblem "\\r": not known; expected a name of [^\r\n]+$/,
    ],
    [
      'an unknown optimizer',
      'testproblems: mnist_logreg\noptimizers:\n  - sgd\n  - adm\n',
      /^p\.yaml:4: optimizer adm: not known; did you mean adam/,
    ],
    [
      'an unknown hyperparameter',
      'testproblems: mnist_logreg\noptimizers:\n  name: sgd\n  settings:\n    rl: 1\n',
      /^p\.yaml:5: hyperparameter of sgd: rl: not known; did you mean lr/,
    ],
    [
      'one that no optimizer has',
      `${start}settings:\n  lr: 1\n  momentum: 0.9\n`,
      /^p\.yaml:5: .*no optimizer of the plan has the hyperparameter "momentum"/,
    ],
    ['a wrong space', `${start}settings:\n  lr: log:1:2\n`, /^p\.yaml:4: lr: found "log:1:2", expected log:LOW:HIGH:N/],
    ['a wrong value', `${start}settings:\n  lr: [0.1, -1]\n`, /^p\.yaml:4: lr: found -1, expected a number ≥ 0/],
    [
      'a value of a wrong kind',
      `${start}settings:\n  lr: { log: 1 }\n`,
      /^p\.yaml:4: settings\.lr: found .*expected a number, true, false, a text or a list/,
    ],
    [
      'a wrong budget',
      'testproblems:\n  - name: mnist_logreg\n    options:\n      num_epochs: 1.5\noptimizers: sgd\n',
      /^p\.yaml:4: num_epochs: found 1\.5, expected a whole number/,
    ],
    ['a wrong seed', `${start}seeds: [42, 5-3]\n`, /^p\.yaml:3: seeds: found "5-3", expected seeds/],
    ['a seed twice', `${start}seeds: [42, 41-43]\n`, /^p\.yaml:3: seeds: found 42 twice/],
    [
      'a space to draw from without samples',
      `${start}settings:\n  lr: uniform:0:1\n`,
      /^p\.yaml:4: lr: .*sampling\.samples/,
    ],
    [
      'a test problem that the plan has not',
      'testproblems: mnist_logreg\noptimizers:\n  name: sgd\n  testproblems: mnist_mlp\n',
      /^p\.yaml:4: found "mnist_mlp", expected some of/,
    ],
    [
      'half a schedule',
      `${start}options: { lr_schedule_epochs: [1] }\n`,
      /^p\.yaml:\d+: lr_schedule_epochs and lr_schedule_factors/,
    ],
    ['a name that is no name', `${start}name: "a b; rm -rf"\n`, /^p\.yaml:3: name: found/],
    [
      'too many settings',
      `${start}settings: { lr: log:1:2:100000 }\nsampling: { samples: 1000 }\n`,
      /^p\.yaml:3: lr: found more than 1000000/,
    ],
    [
      'too many runs',
      `${start}settings: { lr: log:1:2:100000 }\nseeds: 1-1000\n`,
      /^p\.yaml: found more than 100,000 runs/,
    ],
    ['too many seeds in one range', `${start}seeds: 0-100000\n`, /^p\.yaml:3: seeds: found more than 100000 seeds/],
    [
      'too many seeds in all ranges together',
      `${start}seeds: [${Array.from({ length: 3000 }, (_, index) => `${index * 100_000}-${index * 100_000 + 99_999}`).join(', ')}]\n`,
      /^p\.yaml:3: seeds: found more than 100000 seeds/,
    ],
    [
      'too many test problems times optimizers',
      `testproblems: [${Array(5000).fill('mnist_logreg').join(', ')}]\noptimizers: [${Array(200).fill('sgd').join(', ')}]\n`,
      /^p\.yaml: found more than 100,000 runs/,
    ],
    [
      'too many points times seeds',
      `testproblems: mnist_logreg\noptimizers: { name: sgd, settings: { lr: [${Array.from({ length: 2000 }, (_, index) => index).join(', ')}] } }\nseeds: 0-999\n`,
      /^p\.yaml: found more than 100,000 runs/,
    ],
    ['jobs 0', `${start}resources: { jobs: 0 }\n`, /^p\.yaml:3: resources\.jobs: found 0, expected a number ≥ 1/],
  ])('%s', async (_, text, message) => {
    const error = await Promise.resolve()
      .then(() => expandPlan(planOf('p.yaml', text)))
      .then(
        () => null,
        (thrown: Error) => thrown,
      );
    expect(error).toMatchObject({ name: 'ConfigurationError', exitCode: 2 });
    expect(error?.message).toMatch(message);
    expect(error?.message).not.toContain('\n');
  });
});
