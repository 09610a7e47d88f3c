// Our steps beside PyTorch's, interleaved (A B A B …) in one run: `npm run bench -- --help`.
import { spawn, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeProduct, makeStep, openOurs } from './bench/ours.mjs';

const { values: options } = parseArgs({
  options: {
    problems: { type: 'string', default: 'fmnist_2c2d,cifar10_3c3d,mnist_mlp' },
    modes: { type: 'string', default: 'sgd,adam,hvp,eval' },
    pairs: { type: 'string', default: '12' },
    steps: { type: 'string', default: '5' },
    threads: { type: 'string', default: String(availableParallelism()) },
    json: { type: 'string' },
    docs: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(`npm run bench -- [--problems a,b] [--modes sgd,adam,hvp,eval] [--pairs 12] [--steps 5] [--threads n] [--json FILE] [--docs]
  Interleaves our steps with PyTorch's (Debian's python3-torch, where it is installed) and prints medians, minima and the
  ratio of each pair's medians with a 95 % interval. --docs puts the table into docs/performance.md.`);
  process.exit(0);
}

const median = (list) => {
  const sorted = [...list].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};

/** 95 % interval of a median from order statistics (binomial; conservative for few values). */
function medianInterval(list) {
  const sorted = [...list].sort((a, b) => a - b);
  const n = sorted.length;
  let [cumulative, term, rank] = [0, 0.5 ** n, 0];
  while (rank < n / 2 && cumulative + term <= 0.025) {
    cumulative += term;
    term *= (n - rank) / (rank + 1);
    rank += 1;
  }
  return rank === 0 ? [sorted[0], sorted[n - 1]] : [sorted[rank - 1], sorted[n - rank]];
}

/** A PyTorch process that answers step requests, or null where PyTorch is not installed. */
async function openPeer(threads) {
  const python = ['/usr/bin/python3', 'python3'].find((path) => spawnSync(path, ['-c', 'import torch']).status === 0);
  if (python === undefined) return null;
  const child = spawn(python, [fileURLToPath(new URL('./bench/torch_peer.py', import.meta.url)), threads], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value);
  return {
    info: await next(),
    times: async (problem, mode, steps) => {
      await settle();
      child.stdin.write(`${problem} ${mode} ${steps + 1}\n`);
      return (await next()).slice(1);
    },
    close: () => child.stdin.end(),
  };
}

/** Libraries' threads spin for a while after their last work (OpenBLAS for tens of ms), at the other side's cost. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 120));

/** Milliseconds of each step, after one that is not counted: the other side has had the caches. */
async function timesOfOurs(step, steps) {
  await settle();
  await step();
  const times = [];
  for (let i = 0; i < steps; i++) {
    const started = performance.now();
    await step();
    times.push(performance.now() - started);
  }
  return times;
}

const [pairs, steps] = [Number(options.pairs), Number(options.steps)];
const engine = await openOurs(Number(options.threads));
const peer = await openPeer(options.threads);
const product = await makeProduct(engine, 1536);
await timesOfOurs(product.step, 2);
const products = [];
const results = [];
for (const problem of options.problems.split(',')) {
  for (const mode of options.modes.split(',')) {
    const { step, flops } = await makeStep(engine, problem, mode);
    await timesOfOurs(step, 3);
    await peer?.times(problem, mode, 3);
    const [ours, theirs, ratios] = [[], [], []];
    for (let pair = 0; pair < pairs; pair++) {
      const a = await timesOfOurs(step, steps);
      products.push(...(await timesOfOurs(product.step, 2)));
      const b = (await peer?.times(problem, mode, steps)) ?? [];
      ours.push(...a);
      theirs.push(...b);
      if (b.length > 0) ratios.push(median(a) / median(b));
    }
    const row = { problem, mode, flops, ours: { median: median(ours), min: Math.min(...ours) } };
    if (ratios.length > 0) {
      row.peer = { median: median(theirs), min: Math.min(...theirs) };
      row.ratio = { median: median(ratios), interval: medianInterval(ratios), ofMinima: row.ours.min / row.peer.min };
    }
    results.push(row);
    console.error(
      `${problem} ${mode}: ours ${row.ours.median.toFixed(1)} ms${row.ratio ? `, ratio ${row.ratio.median.toFixed(2)}` : ''}`,
    );
  }
}
peer?.close();
const { record } = engine;
await engine.dispose();

const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, ${options.threads} threads; onnxruntime-node ${record.version}, blocks of ${record.details.blockSize}; Node ${process.versions.node}; ${peer === null ? 'PyTorch not installed' : `PyTorch ${peer.info.version}`}`;
const peak = product.flops / Math.min(...products) / 1e6;
const number = (value) => (value === undefined ? '' : value.toFixed(value < 20 ? 2 : 1));
const table = [
  '| problem | step | ours median (min) ms | PyTorch median (min) ms | ratio of medians [95 % interval] | ratio of minima | of the peak |',
  '|---|---|---|---|---|---|---|',
  ...results.map(
    ({ problem, mode, flops, ours, peer: theirs, ratio }) =>
      `| ${problem} | ${mode} | ${number(ours.median)} (${number(ours.min)}) | ${theirs ? `${number(theirs.median)} (${number(theirs.min)})` : ''} | ${
        ratio ? `${ratio.median.toFixed(2)} [${ratio.interval.map((x) => x.toFixed(2)).join(', ')}]` : ''
      } | ${ratio ? ratio.ofMinima.toFixed(2) : ''} | ${((100 * flops) / ours.min / 1e6 / peak).toFixed(0)} % |`,
  ),
  '',
  `Batch 128, ${pairs} interleaved pairs of ${steps} steps, each block after a pause of 120 ms and one step that is not counted. Peak: ${peak.toFixed(0)} GFLOP/s, the fastest product of two 1536 × 1536 matrices in the same run; the last column is the fastest step's rate of products and convolutions beside it. ${machine}.`,
].join('\n');
console.log(table);
if (options.json)
  await writeFile(options.json, `${JSON.stringify({ machine, pairs, steps, peakGflops: peak, results }, null, 2)}\n`);
if (options.docs) {
  const page = new URL('../docs/performance.md', import.meta.url);
  const text = await readFile(page, 'utf8');
  await writeFile(
    page,
    text.replace(/(<!-- bench -->\n)[\s\S]*?(<!-- \/bench -->)/, (_, begin, end) => `${begin}${table}\n${end}`),
  );
}
