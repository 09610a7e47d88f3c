import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { CommanderError } from 'commander';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { parseHyperparameters } from '../../src/cli/hyperparameters.js';
import type { RunOptions } from '../../src/cli/options.js';
import { createProgram } from '../../src/cli/program.js';
import { type CifarBatch, recordsOfPickle } from '../../src/dataset/cifar-pickle.js';
import type { ContentDefinition } from '../../src/dataset/definition.js';
import { checkContent, contentSize } from '../../src/dataset/image-files.js';
import { mnist } from '../../src/dataset/mnist.js';
import { PickleError } from '../../src/dataset/pickle.js';
import { ArchiveError, tarEntries } from '../../src/dataset/tar.js';
import { DataError, FileError, ProbprecError } from '../../src/errors.js';
import { describeHyperparameters, loadOptimizer } from '../../src/optimizer/index.js';
import { readText } from '../../src/results/read-text.js';
import { resolveConfiguration } from '../../src/run/index.js';
import { planOf } from '../../src/sweep/plan.js';
import { plannedRuns } from '../../src/sweep/planned-runs.js';
import { quietTerminal } from '../cli/quiet-terminal.js';
import { cifarFiles, pickledBatch, tar } from '../dataset/small-files.js';
import { casesOf, damagedBytes, damagedText } from './edits.js';

const HOUR = 3_600_000;
const folder = mkdtempSync(join(tmpdir(), 'probprec-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** One line that may quote anything: what is no text on a terminal becomes one where it is shown (terminal.ts). */
const quotingLine = /^[^\n\r]+$/;

/** The error is one of ours with one line, or it is thrown on as what has been found. */
function expectLine(error: unknown): void {
  if (!(error instanceof ProbprecError)) throw error;
  expect(error.message).toMatch(quotingLine);
}

const PLAN = `# a plan
name: tune
testproblems:
  - mnist_logreg
  - { name: mnist_mlp, num_epochs: 2 }
optimizers: [sgd, { name: momentum, settings: { momentum: "0.5,0.9" } }]
settings: { lr: "log:1e-3:1:3" }
seeds: 42-44
options:
  num_epochs: 2
  data: synthetic
  synthetic_size: 600
resources: { jobs: 2, threads: 1, time: "1:00" }
output_dir: results
`;
const JSON_PLAN = JSON.stringify({
  testproblems: 'mnist_logreg',
  optimizers: ['sgd', 'adam'],
  settings: { lr: [0.1, 0.2] },
  sampling: { method: 'halton', samples: 3, seed: 1 },
  seeds: [1, 2],
  options: { num_epochs: 1 },
});

async function expanded(name: string, text: string): Promise<void> {
  try {
    const runs = await plannedRuns(planOf(join(folder, name), text));
    for (const { configuration } of runs.slice(0, 20)) {
      expect(configuration.seed).toBeGreaterThanOrEqual(0);
      expect(Object.values(configuration.optimizer.hyperparameters)).not.toContain(Number.NaN);
    }
  } catch (error) {
    expectLine(error);
  }
}

test('a damaged plan is refused in one line or planned', { timeout: HOUR }, async () => {
  const warnings: string[] = [];
  const heard = (warning: Error) => warnings.push(warning.message);
  process.on('warning', heard);
  await fc.assert(
    fc.asyncProperty(damagedText(PLAN), (text) => expanded('p.yaml', text)),
    casesOf('plans'),
  );
  process.off('warning', heard);
  expect(warnings).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
});

test('a damaged plan in JSON is refused in one line or planned', { timeout: HOUR }, async () => {
  await fc.assert(
    fc.asyncProperty(damagedText(JSON_PLAN), (text) => expanded('p.json', text)),
    casesOf('planTokens'),
  );
});

/** Our command line with every command doing nothing but being parsed; `run` is given on. */
function parsedOnly(onRun: (options: RunOptions, command: Command) => void): Command {
  const program = createProgram(quietTerminal(80));
  const disarm = (command: Command) => {
    if (command.name() === 'run' && command.parent === program) command.action(onRun);
    else command.action(() => undefined);
    command.commands.forEach(disarm);
  };
  program.commands.forEach(disarm);
  return program;
}

const words = ['run', 'list', 'data', 'sweep', 'plan', 'status', 'compare', 'validate', 'runtime', 'plot', 'export'];
const options = [
  'testproblem',
  'optimizer',
  'lr',
  'momentum',
  'seed',
  'num-epochs',
  'batch-size',
  'l2-reg',
  'threads',
].concat(
  [
    'lr-schedule-epochs',
    'lr-schedule-factors',
    'data',
    'synthetic-size',
    'output-dir',
    'protocol',
    'grid',
    'seeds',
    'jobs',
  ],
  ['help', 'json', 'no-resume', 'format', 'where', 'set', 'train-log-interval', 'engine', 'device', 'samples', 'debug'],
);
const values = [
  'mnist_logreg',
  'sgd',
  'adam',
  '0.1',
  '42',
  '-1',
  '1e999',
  '0x10',
  ' 1',
  '',
  '1,2',
  'NaN',
  '__proto__',
  'constructor',
];
const token = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...options).map((name) => `--${name}`) },
  { weight: 4, arbitrary: fc.constantFrom(...values) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...options), fc.constantFrom(...values)).map(([a, b]) => `--${a}=${b}`),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 1, arbitrary: fc.double().map(String) },
);
const commandLine = fc.oneof(
  fc.tuple(fc.constantFrom(...words), fc.array(token, { maxLength: 8 })).map(([word, rest]) => [word, ...rest]),
  fc
    .array(token, { maxLength: 8 })
    .map((rest) => ['run', '--testproblem', 'mnist_logreg', '--optimizer', 'momentum', '--lr', '0.1', ...rest]),
);

test('any command line is understood or refused in one line', { timeout: HOUR }, async () => {
  await fc.assert(
    fc.asyncProperty(commandLine, async (args) => {
      const asked: { options: RunOptions; command: Command }[] = [];
      try {
        await parsedOnly((given, command) => asked.push({ options: given, command })).parseAsync([
          'node',
          'x',
          ...args,
        ]);
        for (const { options: given, command } of asked) {
          const { testproblem, optimizer, lrScheduleEpochs, lrScheduleFactors, ...rest } = given;
          if (testproblem === undefined || optimizer === undefined || /[/\\.]/.test(optimizer)) continue;
          const declared = describeHyperparameters(await loadOptimizer(optimizer));
          const own = command.options.flatMap(({ long }) => (long ? [long] : []));
          const hyperparameters = parseHyperparameters(command.args, declared, optimizer, own);
          const { seed, numEpochs, batchSize, l2Reg, data, syntheticSize, threads } = rest;
          const stated = { seed, numEpochs, batchSize, l2Reg, data, syntheticSize, threads };
          const { configuration } = await resolveConfiguration({ testproblem, optimizer, hyperparameters, ...stated });
          expect(Number.isSafeInteger(configuration.numEpochs) && configuration.batchSize > 0).toBe(true);
        }
      } catch (error) {
        // Commander's own messages become one line where they are shown.
        if (!(error instanceof CommanderError)) expectLine(error);
      }
    }),
    casesOf('arguments'),
  );
  process.exitCode = undefined;
});

const small = { ...mnist, image: { channels: 1, height: 4, width: 4 } };
const parts: readonly ContentDefinition[] = [
  { name: 'images', part: 'train', holds: 'images', count: 5 },
  { name: 'labels', part: 'train', holds: 'labels', count: 5 },
  { name: 'records', part: 'train', holds: 'records', count: 5 },
];

function wholeContent(part: ContentDefinition): Uint8Array {
  const bytes = new Uint8Array(contentSize(small, part));
  const view = new DataView(bytes.buffer);
  if (part.holds === 'images') for (const [i, word] of [0x803, 5, 4, 4].entries()) view.setUint32(4 * i, word);
  if (part.holds === 'labels') for (const [i, word] of [0x801, 5].entries()) view.setUint32(4 * i, word);
  return bytes;
}

test.each(parts)('damaged IDX and CIFAR contents are refused in one line: $holds', { timeout: HOUR }, (part) => {
  const whole = wholeContent(part);
  checkContent(small, part, { where: 'f', bytes: whole, size: whole.length, md5: '' });
  fc.assert(
    fc.property(damagedBytes(whole), (bytes) => {
      try {
        checkContent(small, part, { where: 'f', bytes, size: bytes.length, md5: '' });
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
        return expectLine(error);
      }
      expect(bytes).toHaveLength(whole.length);
      const first = part.holds === 'labels' ? 8 : 0;
      const step = part.holds === 'labels' ? 1 : 17;
      if (part.holds !== 'images') for (let i = first; i < bytes.length; i += step) expect(bytes[i]).toBeLessThan(10);
    }),
    casesOf('idx'),
  );
});

test('a damaged pickle of CIFAR gives records of the right size or one line', { timeout: HOUR }, () => {
  const batch: CifarBatch = { labels: ['labels'], images: 2, imageSize: 3072 };
  const records = cifarFiles['data_batch_1.bin'] ?? new Uint8Array(0);
  fc.assert(
    fc.property(damagedBytes(pickledBatch(records)), (bytes) => {
      try {
        expect(recordsOfPickle(bytes, batch)).toHaveLength(records.length);
      } catch (error) {
        if (!(error instanceof PickleError)) throw error;
        expect(error.message).toMatch(quotingLine);
      }
    }),
    casesOf('cifar'),
  );
});

test('a damaged tar archive ends in one line, and gives no more than is wanted', { timeout: HOUR }, async () => {
  const content = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
  const archive = await tar({ one: content, other: content, two: content.subarray(0, 512) }, 'a/folder');
  const wanted = new Map([
    ['one', 5000],
    ['two', 100],
  ]);
  await fc.assert(
    fc.asyncProperty(damagedBytes(archive), async (bytes) => {
      async function* chunks() {
        for (let at = 0; at < bytes.length; at += 700) yield bytes.subarray(at, at + 700);
      }
      try {
        for await (const entry of tarEntries(chunks(), { wanted, most: 20_000 })) {
          expect(entry.bytes.length).toBeLessThanOrEqual(wanted.get(entry.name) ?? -1);
        }
      } catch (error) {
        if (!(error instanceof ArchiveError)) throw error;
        expect(error.message).toMatch(quotingLine);
      }
    }),
    casesOf('tar'),
  );
});

test('a text in any encoding is read or refused in one line', { timeout: HOUR }, () => {
  const path = join(folder, 'x.json');
  const texts = ['{"a": "ä€𝄞"}', ''].flatMap((text) => [
    Buffer.from(text, 'utf8'),
    Buffer.from(`\ufeff${text}`, 'utf16le'),
    Buffer.from(`\ufeff${text}`, 'utf8'),
  ]);
  fc.assert(
    fc.property(
      fc.constantFrom(...texts).chain((bytes) => damagedBytes(bytes)),
      (bytes) => {
        writeFileSync(path, bytes);
        try {
          expect(Buffer.from(readText(path), 'utf8').equals(Buffer.from(bytes))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(FileError);
          expectLine(error);
        }
      },
    ),
    casesOf('texts'),
  );
  expect(readdirSync(folder)).toEqual(['x.json']);
});
