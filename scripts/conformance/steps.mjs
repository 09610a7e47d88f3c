#!/usr/bin/env node
// Trains the large networks for 20 steps on a few synthetic images, each in a process of its own, for docs/conformance.md: whether the loss
// goes down, what a step takes, and the largest resident memory.
//   node scripts/conformance/steps.mjs [--only svhn_wrn164] [--threads 2] [--steps 20] [--batch-size N]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeRows } from './rows.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    threads: { type: 'string', default: '2' },
    steps: { type: 'string', default: '20' },
    'batch-size': { type: 'string' },
    /** The row that this process trains. */
    row: { type: 'string' },
  },
});
const stored = join(root, 'conformance', 'steps.json');

/** Batch sizes that a machine of 24 GB has room for, and rates at which 20 steps show something. */
const ROWS = [
  ...['svhn_wrn164', 'cifar100_allcnnc', 'cifar100_wrn164'].map((testproblem) => ({ testproblem, batch_size: 32 })),
  { testproblem: 'cifar100_wrn404', batch_size: 16 },
  ...['cifar10_vgg16', 'cifar10_vgg19', 'cifar100_vgg16', 'cifar100_vgg19'].map((testproblem) => ({
    testproblem,
    batch_size: 4,
  })),
].map((row) => ({ ...row, optimizer: 'adam', hyperparameters: { lr: row.testproblem.includes('vgg') ? 1e-4 : 1e-3 } }));

if (options.row !== undefined) await train(JSON.parse(options.row));
else
  for (const row of ROWS)
    if (options.only === undefined || options.only.split(',').includes(row.testproblem)) measure(row);

/** Trains a row in a process of its own and keeps what it prints. */
function measure(row) {
  const changed = {
    ...row,
    ...(options['batch-size'] === undefined ? {} : { batch_size: Number(options['batch-size']) }),
  };
  const args = ['--row', JSON.stringify(changed), '--threads', options.threads, '--steps', options.steps];
  const { status, stdout } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) {
    console.error(`steps: ${row.testproblem} ended with ${status}`);
    return;
  }
  const found = JSON.parse(stdout);
  console.error(
    `${found.testproblem}, batch ${found.batch_size}: ${found.losses.map((loss) => loss.toFixed(3)).join(' ')}; ` +
      `${found.wall_seconds.toFixed(2)} s, ${found.cpu_seconds.toFixed(2)} s of CPU, ${(found.peak_bytes / 1e9).toFixed(2)} GB`,
  );
  if (options['batch-size'] !== undefined) return;
  const rows = existsSync(stored) ? JSON.parse(readFileSync(stored, 'utf8')).rows : [];
  const all = [...rows.filter(({ testproblem }) => testproblem !== found.testproblem), found];
  const place = ({ testproblem }) => ROWS.findIndex((other) => other.testproblem === testproblem);
  all.sort((left, right) => place(left) - place(right));
  writeRows(stored, { machine: `${cpus()[0]?.model}, ${cpus().length} cores`, rows: all });
}

async function train({ testproblem, batch_size: batchSize, optimizer, hyperparameters }) {
  const { executeRun, resolveConfiguration } = await import('../../dist/src/run/index.js');
  const { datasetDefinition } = await import('../../dist/src/dataset/index.js');
  const { syntheticSizes } = await import('../../dist/src/dataset/open.js');
  const { loadTestProblem } = await import('../../dist/src/testproblem/index.js');
  const steps = Number(options.steps);
  const { sizes } = datasetDefinition((await loadTestProblem(testproblem)).dataset);
  let syntheticSize = 60;
  // Four batches, again and again: twenty batches of new images would show little.
  while (syntheticSizes(syntheticSize, sizes).train < 4 * batchSize) syntheticSize += 1;
  const request = { testproblem, optimizer, hyperparameters, batchSize, threads: Number(options.threads) };
  const resolved = await resolveConfiguration({
    ...{
      ...request,
      numEpochs: steps,
      data: 'synthetic',
      syntheticSize,
      trainLogInterval: 1,
    },
  });
  const outputDir = mkdtempSync(join(tmpdir(), 'probprec-steps-'));
  const times = [];
  const abort = new AbortController();
  const losses = [];
  try {
    const { error } = await executeRun(resolved, {
      ...{ dataDir: outputDir, outputDir, resume: false, overwrite: true, checkResources: false, signal: abort.signal },
      onEvent: (event) => {
        if (event.type !== 'step') return;
        losses.push(event.loss);
        const { user, system } = process.cpuUsage();
        times.push({ wall: performance.now() / 1000, cpu: (user + system) / 1e6 });
        if (losses.length >= steps) abort.abort();
      },
    });
    if (error !== undefined) throw error;
  } finally {
    rmSync(outputDir, { recursive: true });
  }
  const median = (kind) => {
    const each = times
      .slice(1)
      .map((time, index) => time[kind] - times[index][kind])
      .sort((a, b) => a - b);
    return each[Math.floor(each.length / 2)];
  };
  const peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
  const row = {
    testproblem,
    batch_size: batchSize,
    optimizer,
    hyperparameters,
    threads: Number(options.threads),
    losses,
  };
  console.log(JSON.stringify({ ...row, wall_seconds: median('wall'), cpu_seconds: median('cpu'), peak_bytes: peak }));
}
