/**
 * What a change costs: node scripts/structure.mjs [FOLDER]
 *
 * Counts, over the sources of a checkout (this one, or FOLDER), in how many files one thing is written down and what the
 * lower floors know of the command line. Comments do not count. The same numbers before and after a change say whether it
 * helped; test/additions.long.test.ts does additions for real.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url));
const sources = ['src', 'testproblems'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => {
      const text = readFileSync(join(root, folder, name), 'utf8');
      const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/ .*$/gm, '');
      return { file: `${folder}/${name}`, code, lines: text.split('\n').length - 1 };
    }),
);

const camel = (key) => key.replaceAll(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());
const files = (pattern, among = sources) => among.filter(({ code }) => pattern.test(code)).map(({ file }) => file);
const matches = (pattern, among = sources) =>
  among.reduce((sum, { code }) => sum + [...code.matchAll(pattern)].length, 0);

/** Files that spell a name in any of its three ways. */
const naming = (key) => files(new RegExp(`\\b(${key}|${camel(key)}|${key.replaceAll('_', '-')})\\b`));

const OPTIONS = [
  ...['variant', 'num_epochs', 'batch_size', 'l2_reg', 'lr_schedule_factors', 'synthetic_size', 'protocol'],
  ...['train_log_interval', 'keep_parameters', 'resource_check'],
];
const EXAMPLES = {
  'an optimizer (lion)': /['"`/]lion\b/,
  'a test problem (mnist_2c2d)': /['"`/]mnist_2c2d\b/,
  'a layer (dropout)': /\bdropout\b/,
  'an operation (erf)': /\berf\b|\berfOperation\b/,
  'a data set (svhn)': /['"`/]svhn\b|\bsvhn,/,
  'a command (doctor)': /\bdoctor\b/i,
  'a usual metric (valid_accuracies)': /\bvalid_accuracies\b|\bvalidAccuracies\b/,
  'a list of the states of a run': /'completed'[^;{}]{0,40}'diverged'[^;{}]{0,60}'(interrupted|failed)'/,
  'whether a run has ended':
    /'completed' \|\| [\w.]*(state|status)[\w.]* === 'diverged'|!== 'completed' && [\w.]* !== 'diverged'/,
};

const upper = sources.filter(({ file }) => !file.startsWith('src/cli/'));
const flag = /['"`]([^'"`\n]* |)--[a-z][a-z-]+/;
const sizes = sources.map(({ lines }) => lines).sort((left, right) => left - right);
const table = [
  ...OPTIONS.map((key) => [`files that name the option ${key}`, naming(key).length]),
  ...Object.entries(EXAMPLES).map(([what, pattern]) => [`files that name ${what}`, files(pattern).length]),
  ['throw statements', matches(/\bthrow /g)],
  ['errors whose sentence is built where they are thrown', matches(/\bnew [A-Z]\w*Error\(\s*[`'"]/g)],
  ['of these, with "found ..., expected ..."', matches(/\bnew [A-Z]\w*Error\(\s*[`'"][^;]{0,400}?\bexpected\b/g)],
  ['files outside cli/ that know a flag', files(flag, upper).length],
  [
    'places that take a sentence apart',
    matches(/\bmessage\s*\.(replace|startsWith|match|slice)|\.exec\([\w.]*\.message/g),
  ],
  [
    'files that put what zod found into words',
    files(/\bcase 'invalid_type'|issue\.code\b|\.code === 'unrecognized_keys'/).length,
  ],
  [
    'static factories and private constructors',
    matches(/\bprivate constructor\b|\bstatic async (compile|create|open)\b/g),
  ],
  ['files', sources.length],
  ['lines', sizes.reduce((sum, lines) => sum + lines, 0)],
  ['median lines of a file', sizes[Math.floor(sizes.length / 2)]],
  ['files of 250 lines or more', sizes.filter((lines) => lines >= 250).length],
];
for (const [what, count] of table) process.stdout.write(`${String(count).padStart(7)}  ${what}\n`);
if (process.argv.includes('--files'))
  for (const key of OPTIONS) process.stdout.write(`${key}: ${naming(key).join(' ')}\n`);
