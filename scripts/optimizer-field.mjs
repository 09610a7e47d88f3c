#!/usr/bin/env node
// Trains test problems for a few epochs with every registered optimizer at its defaults, one seed, and prints a table of what came out.
// Runs what is missing and nothing twice: stop it at any time and start it again.
//   node scripts/optimizer-field.mjs [--testproblems a,b] [--optimizers a,b] [--num-epochs 3] [--data-dir DIR] [--output-dir DIR]
//                                    [--threads 1] [--table]
// --table prints what is there and trains nothing.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadOptimizer, optimizerNames } from '../dist/src/optimizer/index.js';
import { readRunFile } from '../dist/src/results/index.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const main = join(root, 'dist', 'src', 'cli', 'main.js');

const { values: options } = parseArgs({
  options: {
    testproblems: { type: 'string', default: 'mnist_logreg,mnist_mlp,fmnist_2c2d' },
    optimizers: { type: 'string' },
    'num-epochs': { type: 'string', default: '3' },
    'data-dir': { type: 'string' },
    'output-dir': { type: 'string', default: join(root, 'results', 'field') },
    threads: { type: 'string', default: '1' },
    table: { type: 'boolean', default: false },
  },
});

/** What has no default: learning rates as in the published baselines, or of a usual size. */
const GIVEN = {
  momentum: ['--lr', '0.02'],
  nesterov: ['--lr', '0.02'],
  lars: ['--lr', '5'],
  'preconditioned-tuned-sgd': ['--lr', '0.05'],
  'preconditioned-tuned-momentum': ['--lr', '0.005'],
};
/** Wrappers that are rivals of their own. */
const WRAPPED = { 'sam(sgd)': [], 'asam(sgd)': [], 'mechanic(sgd)': [], 'lookahead(adam)': [], 'ema(adam)': [] };
/** What costs much comes last. */
const COSTLY = ['muon', 'newton-cg', 'psgd-lra', 'soap', 'hessian-free', 'saddle-free-newton'];

const names =
  options.optimizers?.split(',') ??
  [...optimizerNames(), ...Object.keys(WRAPPED)].sort((a, b) => COSTLY.indexOf(a) - COSTLY.indexOf(b));
const testproblems = options.testproblems.split(',');
if (!options.table) for (const testproblem of testproblems) for (const name of names) train(testproblem, name);
await printTable();

function train(testproblem, optimizer) {
  const args = ['run', '--testproblem', testproblem, '--optimizer', optimizer, ...(GIVEN[optimizer] ?? [])];
  args.push('--num-epochs', options['num-epochs'], '--output-dir', options['output-dir'], '--threads', options.threads);
  if (options['data-dir'] !== undefined) args.push('--data-dir', options['data-dir']);
  console.error(`field: ${testproblem}, ${optimizer}`);
  const { status } = spawnSync(process.execPath, [main, ...args, '--quiet'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status === 130) process.exit(130);
  // A run that diverged is a result; anything else is said by the command itself.
}

async function printTable() {
  const files = existsSync(options['output-dir'])
    ? readdirSync(options['output-dir'], { recursive: true })
        .filter((name) => name.endsWith('.json'))
        .map((name) => join(options['output-dir'], name))
    : [];
  const runs = [];
  for (const file of files) runs.push(await readRunFile(file));
  const columns = testproblems.flatMap((name) => [name, 's']);
  console.log(`| optimizer | gradients | ${columns.join(' | ')} |`);
  console.log(`|---|---|${'---|'.repeat(columns.length)}`);
  for (const name of names) {
    const { className } = await loadOptimizer(name);
    const own = testproblems.map((testproblem) =>
      runs.find((run) => run.testproblem === testproblem && run.optimizer_name === className),
    );
    const [gradients = ''] = own.map(gradientsOf).filter((text) => text !== '');
    console.log(`| \`${name}\` | ${[gradients, ...own.flatMap(cellsOf)].join(' | ')} |`);
  }
}

/** Gradients' worth of evaluations per step: a product counts as two and a loss as a third. */
function gradientsOf(run) {
  if (run?.evaluations === undefined || run.status.state !== 'completed') return '';
  const { evaluations, timing, steps_per_epoch: steps } = run;
  const all = evaluations.gradients + 2 * evaluations.products + evaluations.losses / 3;
  return (all / (steps * timing.training_cpu_seconds.length)).toFixed(1);
}

/** Test accuracy at the end; CPU seconds of an epoch. A run of fewer epochs than the others says after how many it ended. */
function cellsOf(run) {
  if (run === undefined) return ['', ''];
  const { timing, status, num_epochs: numEpochs } = run;
  const epochs = timing.training_cpu_seconds;
  const accuracy = `${(100 * run.test_accuracies.at(-1)).toFixed(1)} %`;
  const partly = epochs.length > 0 ? `${accuracy} after ${epochs.length} of ${numEpochs}` : '';
  const end = status.state === 'completed' ? accuracy : status.state === 'diverged' ? 'diverged' : partly;
  const seconds = epochs.reduce((sum, value) => sum + value, 0) / Math.max(1, epochs.length);
  return [end, epochs.length === 0 ? '' : seconds.toFixed(seconds < 10 ? 1 : 0)];
}
