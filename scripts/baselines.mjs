#!/usr/bin/env node
// Makes baselines/own/: runs of this project with everything needed to repeat them. Runs what is missing and nothing
// twice: stop it at any time and start it again. Cheap settings come first, and one seed of each before the next seed.
//   npm run baselines -- [--tier small|medium|full] [--only TEXT] [--seeds 10] [--data-dir DIR] [--output-dir DIR]
//                        [--threads N] [--dry-run]
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readRunFile } from '../dist/src/index.js';
import * as analysis from '../dist/src/library/analysis.js';
import { prettyJson } from '../dist/src/results/canonical-json.js';
import { writeFileAtomic } from '../dist/src/results/index.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const main = join(root, 'dist', 'src', 'cli', 'main.js');

/** The learning rates of the published baselines (DeepOBS 1.2.0-beta, chosen from 20 by validation accuracy). */
const firstOrder = ([sgd, momentum, nesterov, adam]) => [
  ['sgd', '--lr', sgd],
  ['momentum', '--lr', momentum, '--momentum', '0.9'],
  ['nesterov', '--lr', nesterov, '--momentum', '0.9'],
  ['adam', '--lr', adam],
];
const published = {
  mnist_logreg: firstOrder([
    '0.11288378916846883',
    '0.02069138081114788',
    '0.02069138081114788',
    '0.00029763514416313193',
  ]),
  fmnist_2c2d: firstOrder([
    '0.11288378916846883',
    '0.02069138081114788',
    '0.02069138081114788',
    '0.00012742749857031334',
  ]),
  cifar10_3c3d: firstOrder([
    '0.04832930238571752',
    '0.00379269019073225',
    '0.00379269019073225',
    '0.00029763514416313193',
  ]),
};
/** The learning rates of the DeepOBS paper (TensorFlow 1.1, chosen from 36 by test loss); its momentum is 0.99. */
const quadratic = [
  ['sgd', '--lr', '0.015848931924611134'],
  ['momentum', '--lr', '0.0025118864315095794', '--momentum', '0.99'],
  ['adam', '--lr', '0.039810717055349734'],
];
/** Not tuned: no published values exist; round numbers, the same for both problems. */
const perceptron = firstOrder(['0.1', '0.01', '0.01', '0.0003']);
/** The thesis' optimizers choose their learning rate themselves. */
const selfTuned = [['adaptive-sgd'], ['preconditioned-sgd']];

/** In the order of their cost. */
const plan = [
  ...entries('small', 'quadratic_deep', 100, quadratic),
  ...entries('small', 'mnist_logreg', 50, published.mnist_logreg),
  ...entries('medium', 'mnist_logreg', 50, selfTuned),
  ...entries('medium', 'mnist_mlp', 10, [...perceptron, ...selfTuned]),
  ...entries('medium', 'fmnist_2c2d', 10, [...published.fmnist_2c2d, ...selfTuned]),
  ...entries('medium', 'cifar10_3c3d', 10, [...published.cifar10_3c3d, ...selfTuned]),
  ...entries('full', 'fmnist_2c2d', 100, [...published.fmnist_2c2d, ...selfTuned]),
  ...entries('full', 'cifar10_3c3d', 100, [...published.cifar10_3c3d, ...selfTuned]),
];

const { values: options } = parseArgs({
  options: {
    tier: { type: 'string', default: 'small' },
    only: { type: 'string', default: '' },
    seeds: { type: 'string', default: '10' },
    'data-dir': { type: 'string' },
    'output-dir': { type: 'string', default: join(root, 'results', 'baselines') },
    threads: { type: 'string' },
    'dry-run': { type: 'boolean', default: false },
  },
});
const tiers = ['small', 'medium', 'full'];
if (!tiers.includes(options.tier)) fail(`--tier: found ${options.tier}, expected one of ${tiers.join(', ')}`);
const count = Number(options.seeds);
if (!Number.isInteger(count) || count < 1)
  fail(`--seeds: found ${options.seeds}, expected a whole number of at least 1`);
const seeds = Array.from({ length: count }, (_, index) => 42 + index);
const chosen = plan.filter(
  ({ tier, args }) => tiers.indexOf(tier) <= tiers.indexOf(options.tier) && args.join(' ').includes(options.only),
);

if (options['dry-run']) {
  for (const { args } of chosen) console.log(commandLine(args, `${seeds[0]}-${seeds.at(-1)}`));
  process.exit(0);
}

const finished = new Map(chosen.map((entry) => [entry, []]));
let failures = 0;
for (const budget of [...new Set(chosen.map(({ budget }) => budget))]) {
  for (const seed of seeds) {
    for (const entry of chosen.filter((candidate) => candidate.budget === budget)) {
      const path = run(entry, seed);
      if (path === null) failures++;
      else finished.get(entry).push(path);
      if (finished.get(entry).length === seeds.length) await write(entry, finished.get(entry));
    }
  }
}
process.exitCode = failures > 0 ? 1 : 0;

function entries(tier, testproblem, epochs, optimizers) {
  return optimizers.map(([optimizer, ...hyperparameters]) => ({
    tier,
    budget: `${tier} ${testproblem}`,
    name: `${testproblem}__${optimizer}__${epochs}_epochs`,
    args: ['--testproblem', testproblem, '--optimizer', optimizer, ...hyperparameters, '--num-epochs', String(epochs)],
  }));
}

/** Runs one seed, or finds that it is done; the path of the run file, or null when it failed or is missing. */
function run({ args, name }, seed) {
  const further = ['--seed', String(seed), '--output-dir', options['output-dir'], '--json', '--quiet'];
  if (options['data-dir'] !== undefined) further.push('--data-dir', options['data-dir']);
  if (options.threads !== undefined) further.push('--threads', options.threads);
  console.error(`baselines: ${name}, seed ${seed}`);
  const { status, stdout } = spawnSync(process.execPath, [main, 'run', ...args, ...further], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status === 130) process.exit(130);
  if (status === 0) return JSON.parse(stdout).path;
  console.error(`baselines: ${name}, seed ${seed}: failed (exit code ${status})`);
  return null;
}

async function write({ name, args }, paths) {
  const runFiles = await Promise.all(paths.map((path) => readRunFile(path)));
  const baseline = analysis.ownBaseline(runFiles, commandLine(args, String(seeds[0])));
  const path = join(root, 'baselines', 'own', `${name}.json`);
  await writeFileAtomic(path, `${prettyJson(baseline)}\n`);
  console.log(path);
}

function commandLine(args, seed) {
  return `probprec run ${args.join(' ')} --seed ${seed}`;
}

function fail(message) {
  console.error(`baselines: ${message}`);
  process.exit(2);
}
