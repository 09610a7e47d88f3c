import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../src/random/index.js';
import { commandFiles, commandLines, parallelFile, plannedRuns, planOf, shellWord } from '../../src/sweep/index.js';

const HOSTILE = [
  "it's",
  '"$(rm -rf /)"',
  '`id`',
  '$HOME $(HOME)',
  '{} {1} {#} {.}',
  ' a  b ',
  '',
  '*?[a-z]!',
  '\\',
  "\\'",
  '~',
  '#x',
  'a;b|c&d>e<f',
  '--flag=true',
  'ä–漢🙂',
];

/** What a shell makes of words. */
function readBack(shell: string, words: readonly string[]): string[] {
  const script = `printf '%s\\0' ${words.map(shellWord).join(' ')}`;
  return execFileSync(shell, ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
}

describe('a quoted word', () => {
  test.each(['sh', 'bash'])('is read back by %s', (shell) => expect(readBack(shell, HOSTILE)).toEqual(HOSTILE));

  test('is read back whatever it is made of', () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const stream = randomStream(seed);
    const characters = [...'\'"\\$`!*?~#&;|<>(){}[] \u00a0=%^,:a1-é'];
    const words = Array.from({ length: 200 }, () =>
      Array.from({ length: stream.integer(12) }, () => characters[stream.integer(characters.length)]).join(''),
    );
    expect(readBack('sh', words), `seed ${seed}`).toEqual(words);
  });

  test.each(['a\nb', 'a\rb', 'a\0b', '\u001b[1m'])('never has control characters: %j', (text) => {
    expect(() => shellWord(text)).toThrow(/control characters/);
  });
});

const text = `testproblems: [mnist_logreg, mnist_mlp]
optimizers:
  - { name: sgd, settings: { lr: [0.1, 0.2] } }
  - { name: adam, settings: { lr: "loguniform:0.001:0.1" } }
  - { name: momentum, settings: { lr: 0.1, momentum: 0.9 }, testproblems: mnist_mlp }
sampling: { samples: 2 }
seeds: 42-43
options: { lr_schedule_epochs: [2, 3], lr_schedule_factors: [0.1, 1e-7] }
output_dir: it's here
data_dir: /data
resources: { threads: 1 }
`;

describe('commands', () => {
  test('are in one file for each optimizer and test problem, in the order of the plan', async () => {
    const plan = planOf('/plans/p.yaml', text);
    const files = commandFiles(plan, await plannedRuns(plan));
    expect(files.map(({ name, runs }) => `${name} ${runs.length}`)).toEqual([
      'jobs_SGD_grid_search_mnist_logreg.txt 4',
      'jobs_Adam_random_search_mnist_logreg.txt 4',
      'jobs_SGD_grid_search_mnist_mlp.txt 4',
      'jobs_Adam_random_search_mnist_mlp.txt 4',
      'jobs_Momentum_rerun_mnist_mlp.txt 2',
    ]);
  });

  test('state what the plan states, absolute and quoted', async () => {
    const plan = planOf('/plans/p.yaml', text);
    const [line] = commandLines(plan, await plannedRuns(plan), 'probprec');
    expect(line).toBe(
      'probprec run --testproblem mnist_logreg --optimizer sgd --lr 0.1 --seed 42 --lr-schedule-epochs 2,3 ' +
        "--lr-schedule-factors 0.1,1e-7 --threads 1 --output-dir '/plans/it'\\''s here' --data-dir /data --quiet",
    );
  });

  test('for GNU parallel begin with its call, with a joblog of their own', () => {
    const callOf = (...lines: string[]) => parallelFile('some/jobs a.txt', lines, 3).split('\n')[0];
    expect(callOf('x')).toMatch(
      /^#!\/usr\/bin\/env -S parallel --shebang --jobs 3 --joblog jobs-a-[0-9a-f]{8}\.joblog --resume-failed$/,
    );
    expect(callOf('x', 'y')).not.toBe(callOf('x'));
    expect(callOf('x')).toBe(callOf('x'));
  });
});
