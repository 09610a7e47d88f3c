#!/usr/bin/env node
// A first comparison in under a minute: three optimizers on one test problem, on synthetic images that need no download.
// Every line is what a user types; the table at the end reads the run files with the library.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readRunFile } from '../dist/src/index.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const testproblem = 'fmnist_2c2d';
const common = ['--num-epochs', '2', '--batch-size', '32', '--data', 'synthetic', '--synthetic-size', '5000'];
const optimizers = [
  ['sgd', '--lr', '0.1'],
  ['adam', '--lr', '0.0005'],
  ['adaptive-sgd'], // finds its step size itself
];

const rows = [];
for (const [optimizer, ...hyperparameters] of optimizers) {
  const args = ['run', '--testproblem', testproblem, '--optimizer', optimizer, ...hyperparameters, ...common];
  console.error(`\n$ npx probprec ${args.join(' ')} --output-dir results/quickstart`);
  const { path } = runCommand([...args, '--output-dir', 'results/quickstart', '--overwrite', '--json']);
  const runFile = await readRunFile(path);
  const seconds = runFile.timing.training_wall_seconds.reduce((total, value) => total + value, 0);
  rows.push([
    [optimizer, ...hyperparameters].join(' '),
    runFile.status.state,
    (100 * runFile.test_accuracies.at(-1)).toFixed(2),
    runFile.test_losses.at(-1).toFixed(4),
    (seconds / runFile.num_epochs).toFixed(2),
  ]);
}

console.log(`\n${testproblem} on 5,000 synthetic images, 2 epochs, seed 42 (run files: results/quickstart)\n`);
const header = ['optimizer', 'status', 'test accuracy [%]', 'test loss', 'training [s/epoch]'];
const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column].length)));
for (const row of [header, ...rows]) {
  console.log(
    row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  '),
  );
}
console.log('\nNext: npx probprec run --help, or README.md for a run on real data.');

function runCommand(args) {
  const command = fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [command, ...args], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) {
    console.error(`quickstart: the command above ended with exit code ${status}`);
    process.exit(status ?? 1);
  }
  return JSON.parse(stdout);
}
