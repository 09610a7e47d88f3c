// How time and memory grow with batch size, threads, rank and observations: `npm run scaling -- --help`.
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    problems: { type: 'string', default: 'fmnist_2c2d,cifar10_3c3d,mnist_mlp' },
    batches: { type: 'string', default: '32,64,128,256,512,1024' },
    threads: { type: 'string', default: [...new Set([1, availableParallelism()])].join(',') },
    counts: { type: 'string', default: '1,2,4,8,16,32' },
    rounds: { type: 'string', default: '2' },
    json: { type: 'string' },
    docs: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(`npm run scaling -- [--problems a,b] [--batches 32,64] [--threads 1,2] [--counts 1,2,4] [--rounds 2] [--json FILE] [--docs]
  Times SGD's steps over batch sizes and threads, and the preconditioner's phases over est_rank and num_observations, each
  configuration in a process of its own, whose largest resident memory is shown. The configurations of one table take turns,
  --rounds times; figures are minima. --docs puts the tables into docs/performance.md.`);
  process.exit(0);
}

const numbers = (text) => text.split(',').map(Number);
const worker = fileURLToPath(new URL('./bench/scaling-worker.mjs', import.meta.url));

/** A process that measures one configuration whenever it is asked to. */
async function openWorker(configuration) {
  const child = spawn(process.execPath, [worker, JSON.stringify(configuration)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    measure: async () => {
      child.stdin.write('\n');
      const { value, done } = await lines.next();
      if (done) throw new Error(`the process that measures ${JSON.stringify(configuration)} ended`);
      return JSON.parse(value);
    },
    close: () => child.stdin.end(),
  };
}

/** The smallest time of each kind and the largest memory, over the rounds; a process lives as long as its configuration. */
async function measure(configurations) {
  const best = configurations.map(() => ({}));
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const [index, configuration] of configurations.entries()) {
      const process_ = await openWorker(configuration);
      const { memory, ...times } = await process_.measure();
      process_.close();
      const row = best[index];
      for (const [name, value] of Object.entries(times))
        row[name] = Math.min(row[name] ?? Number.POSITIVE_INFINITY, value);
      row.memory = Math.max(row.memory ?? 0, memory);
      console.error(`${JSON.stringify(configuration)} ${JSON.stringify(row)}`);
    }
  }
  return configurations.map((configuration, index) => ({ ...configuration, ...best[index] }));
}

const digits = (value) => (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0));
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const results = { batches: [], curvature: [] };
const [batches, threads, counts] = [options.batches, options.threads, options.counts].map(numbers);
const problems = options.problems.split(',');
for (const problem of problems) {
  const configurations = batches.flatMap((batch) =>
    threads.map((count) => ({ kind: 'sgd', problem, batch, threads: count })),
  );
  results.batches.push(...(await measure(configurations)));
}
const most = Math.max(...threads);
const family = (problem, rank, observations) => ({ kind: 'curvature', problem, rank, observations, threads: most });
for (const problem of problems.filter((name) => name !== 'cifar10_3c3d')) {
  const growing = [
    ...counts.map((count) => family(problem, 2, count)),
    ...counts.map((count) => family(problem, count, 16)),
  ];
  results.curvature.push(...(await measure(growing)));
}

const batchTable = table(
  [
    'problem',
    'batch',
    ...threads.map((count) => `ms per step, ${count} thread${count > 1 ? 's' : ''}`),
    'µs per example',
    'memory MB',
  ],
  problems.flatMap((problem) =>
    batches.map((batch) => {
      const rows = results.batches.filter((row) => row.problem === problem && row.batch === batch);
      const last = rows.at(-1);
      return [
        problem,
        batch,
        ...rows.map(({ step }) => digits(step)),
        digits((1000 * last.step) / batch),
        (last.memory / 1e6).toFixed(0),
      ];
    }),
  ),
);
const curvatureTable = table(
  ['problem', 'num_observations', 'est_rank', 'ms per observation', 'ms for the factor', 'ms per step', 'memory MB'],
  results.curvature.map(({ problem, rank, observations, observation, factor, step, memory }) => [
    problem,
    observations,
    rank,
    digits(observation),
    digits(factor),
    digits(step),
    (memory / 1e6).toFixed(0),
  ]),
);
const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores; Node ${process.versions.node}; minima over ${options.rounds} processes for each row, which took turns.`;
const page = `SGD, whole steps:\n\n${batchTable}\n\nThe preconditioner, batch 128, ${most} threads:\n\n${curvatureTable}\n\n${machine}\n`;
console.log(page);
if (options.json) await writeFile(options.json, `${JSON.stringify({ machine, ...results }, null, 2)}\n`);
if (options.docs) {
  const file = new URL('../docs/performance.md', import.meta.url);
  const text = await readFile(file, 'utf8');
  await writeFile(
    file,
    text.replace(/(<!-- scaling -->\n)[\s\S]*?(<!-- \/scaling -->)/, (_, begin, end) => `${begin}${page}${end}`),
  );
}
