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
    tables: { type: 'string', default: 'sgd,preconditioner,options' },
    rounds: { type: 'string', default: '2' },
    json: { type: 'string' },
    docs: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(`npm run scaling -- [--problems a,b] [--batches 32,64] [--threads 1,2] [--counts 1,2,4]
                   [--tables sgd,preconditioner,options] [--rounds 2] [--json FILE] [--docs]
  Times SGD's steps over batch sizes and threads, the preconditioner's phases over est_rank and num_observations, and its options, each
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

/** Settings of the preconditioner that keep something, beside the one that keeps the least; 20 products for directions where that can be said. */
const OPTIONS = [
  ['`paper`, 5 observations', 5, { estimator: 'paper' }],
  ['with `--warm-start`', 5, { estimator: 'paper', warm_start: true }],
  ['with `--restart uncertain`', 5, { estimator: 'paper', restart: 'uncertain' }],
  ['with `--calibration --noise-products 10`', 5, { estimator: 'paper', calibration: true, noise_products: 10 }],
  ['with `--safeguard`', 5, { estimator: 'paper', safeguard: true }],
  ['with `--train-while-estimating`', 5, { estimator: 'paper', train_while_estimating: true }],
  ['`paper`, 20 observations', 20, { estimator: 'paper' }],
  ['with `--warm-start`', 20, { estimator: 'paper', warm_start: true }],
  ['`paper --num-observations auto`', 20, { estimator: 'paper', num_observations: 'auto' }],
  ['`krylov`, 26 observations, rank 9', 26, { estimator: 'krylov', est_rank: 9 }],
  ['with `--update-interval 10`', 26, { estimator: 'krylov', est_rank: 9, update_interval: 10 }],
  ['`oracle`, 6 observations, rank 9', 6, { estimator: 'oracle', est_rank: 9 }],
];

const [batches, threads, counts] = [options.batches, options.threads, options.counts].map(numbers);
const problems = options.problems.split(',');
const most = Math.max(...threads);
const family = (problem, rank, observations, more = {}) => {
  return { kind: 'curvature', problem, rank, observations, threads: most, ...more };
};
const networks = problems.filter((name) => name !== 'cifar10_3c3d');
const megabytes = ({ memory }) => (memory / 1e6).toFixed(0);
const phases = ({ observation, factor, step }) => [observation, factor, step].map(digits);
const PHASES = ['ms per observation', 'ms for the factor', 'ms per step', 'memory MB'];

/** Each table: its configurations for a problem, and what is made of the measured ones. */
const tables = {
  sgd: {
    title: 'SGD, whole steps:',
    problems,
    configurations: (problem) =>
      batches.flatMap((batch) => threads.map((count) => ({ kind: 'sgd', problem, batch, threads: count }))),
    markdown: (measured) =>
      table(
        [
          'problem',
          'batch',
          ...threads.map((count) => `ms per step, ${count} thread${count > 1 ? 's' : ''}`),
          'µs per example',
          'memory MB',
        ],
        problems.flatMap((problem) =>
          batches.map((batch) => {
            const rows = measured.filter((row) => row.problem === problem && row.batch === batch);
            const last = rows.at(-1);
            const times = [...rows.map(({ step }) => step), (1000 * last.step) / batch].map(digits);
            return [problem, batch, ...times, megabytes(last)];
          }),
        ),
      ),
  },
  preconditioner: {
    title: `The preconditioner, batch 128, ${most} thread${most > 1 ? 's' : ''}:`,
    problems: networks,
    configurations: (problem) => [
      ...counts.map((count) => family(problem, 2, count)),
      ...counts.map((count) => family(problem, count, 16)),
    ],
    markdown: (measured) =>
      table(
        ['problem', 'num_observations', 'est_rank', ...PHASES],
        measured.map((row) => [row.problem, row.observations, row.rank, ...phases(row), megabytes(row)]),
      ),
  },
  options: {
    title: `Options of the preconditioner, batch 128, rank 2 where nothing else is said, ${most} thread${most > 1 ? 's' : ''}:`,
    problems: networks,
    configurations: (problem) =>
      OPTIONS.map(([setting, count, hyperparameters]) => family(problem, 2, count, { setting, hyperparameters })),
    markdown: (measured) =>
      table(
        ['problem', 'setting', ...PHASES],
        measured.map((row) => [row.problem, row.setting, ...phases(row), megabytes(row)]),
      ),
  },
};

const processor = cpus()[0]?.model ?? 'unknown processor';
const machine = `${processor}, ${availableParallelism()} cores; Node ${process.versions.node}; minima over ${options.rounds} processes for each row, which took turns.`;
const results = {};
const docs = new URL('../docs/performance.md', import.meta.url);
for (const name of options.tables.split(',')) {
  const { title, problems: own, configurations, markdown } = tables[name];
  results[name] = [];
  for (const problem of own) results[name].push(...(await measure(configurations(problem))));
  const page = `${title}\n\n${markdown(results[name])}\n\n${machine}\n`;
  console.log(page);
  if (options.json) await writeFile(options.json, `${JSON.stringify({ machine, ...results }, null, 2)}\n`);
  if (!options.docs) continue;
  const place = new RegExp(`(<!-- scaling ${name} -->\\n)[\\s\\S]*?(<!-- /scaling ${name} -->)`);
  const text = await readFile(docs, 'utf8');
  await writeFile(
    docs,
    text.replace(place, (_, begin, end) => `${begin}${page}${end}`),
  );
}
