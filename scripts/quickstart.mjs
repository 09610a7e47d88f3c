#!/usr/bin/env node
// A first comparison in seconds, on a problem that needs no download: a noisy quadratic in 100 dimensions with curvatures
// between 0 and 60. SGD reaches the bottom with a learning rate that somebody has tuned, stays far off with one ten times
// smaller and diverges with one ten times larger. The suite's own optimizers are given none: they estimate it.
// Every line is what a user types; the table at the end reads the run files with the library.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readRunFile } from '../dist/src/index.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const testproblem = 'quadratic_deep';
/** Not the default folder: `compare` would show these runs for ever. */
const outputDir = 'results-quickstart';
const common = ['--num-epochs', '20', '--batch-size', '64'];
const optimizers = [
  ['sgd', '--lr', '0.001'],
  ['sgd', '--lr', '0.01'],
  ['sgd', '--lr', '0.1'],
  ['adam'],
  ['adaptive-sgd', '--restart', 'drift'],
  ['preconditioned-sgd', '--restart', 'drift'],
];

const rows = [];
for (const [optimizer, ...hyperparameters] of optimizers) {
  const args = ['run', '--testproblem', testproblem, '--optimizer', optimizer, ...hyperparameters, ...common];
  console.error(`\n$ npx probprec ${args.join(' ')} --output-dir ${outputDir}`);
  const { path } = runCommand([...args, '--output-dir', outputDir, '--overwrite', '--quiet', '--json']);
  const runFile = await readRunFile(path);
  const { state } = runFile.status;
  const loss = runFile.test_losses.at(-1);
  console.error(state === 'completed' ? `test loss ${runFile.test_losses[0].toFixed(1)} → ${loss.toFixed(2)}` : state);
  const seconds = runFile.timing.training_wall_seconds.reduce((total, value) => total + value, 0);
  rows.push([
    [optimizer, ...hyperparameters].join(' '),
    state,
    state === 'completed' ? loss.toFixed(2) : '-',
    seconds.toFixed(2),
  ]);
}

console.log(`\n${testproblem}, 20 epochs, batch size 64, seed 42 (run files: ${outputDir})\n`);
const header = ['optimizer', 'status', 'test loss', 'training [s]'];
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
