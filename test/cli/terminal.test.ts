import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { progressReporter } from '../../src/cli/progress.js';
import { formatDuration, progressLine } from '../../src/cli/progress-line.js';
import { formatTable } from '../../src/cli/table.js';
import { createTerminal } from '../../src/cli/terminal.js';

function stream(isTTY: boolean) {
  const through = new PassThrough();
  return Object.assign(through, { isTTY, columns: 40, text: () => String(through.read() ?? '') });
}

function terminalOn(isTTY: boolean, env: Record<string, string> = {}) {
  const [stdout, stderr] = [stream(isTTY), stream(isTTY)];
  const streams = { stdout, stderr, env } as unknown as Parameters<typeof createTerminal>[0];
  return { terminal: createTerminal(streams), stdout, stderr };
}

describe('the terminal', () => {
  test('replaces the transient line on a screen and keeps it within its width', () => {
    const { terminal, stderr } = terminalOn(true);
    terminal.transient('  #0 mnist_logreg sgd lr=0.01 seed 42: epoch 3 of 10');
    terminal.line('done');
    expect(stderr.text()).toBe('  #0 mnist_logreg sgd lr=0.01 seed 42:\n    epoch 3 of 10\r\u001b[1A\u001b[Jdone\n');
  });

  test('replaces several lines as far as the screen is high', () => {
    const { terminal, stderr } = terminalOn(true);
    terminal.transient('one\ntwo\nthree');
    terminal.transient(Array.from({ length: 50 }, (_, index) => index).join('\n'));
    const shown = Array.from({ length: 23 }, (_, index) => index).join('\n');
    terminal.line('done');
    expect(stderr.text()).toBe(`one\ntwo\nthree\r\u001b[2A\u001b[J${shown}\r\u001b[22A\u001b[Jdone\n`);
  });

  test.each([
    ['a pipe', false, {}],
    ['CI', true, { CI: 'true' }],
    ['a dumb terminal', true, { TERM: 'dumb' }],
  ] as const)('writes no control sequence to %s', (_, isTTY, env) => {
    const { terminal, stdout, stderr } = terminalOn(isTTY, env);
    terminal.transient('bar');
    terminal.line('line');
    terminal.result(terminal.heading('result'));
    expect([stdout.text(), stderr.text()]).toEqual(['result\n', 'line\n']);
  });

  test('shows what is quoted from files as text, whatever it is', () => {
    const { terminal, stderr } = terminalOn(true);
    terminal.line('found "\u202e\u009b31m\u001b]0;x\u0007",\nexpected a name');
    expect(stderr.text()).toBe('found "\\u202e\\u009b31m\\u001b]0;x\\u0007",\nexpected a name\n');
    terminal.transient('\u001b[2J');
    expect(stderr.text()).toBe('\\u001b[2J');
  });

  test('respects NO_COLOR but still shows a bar', () => {
    const { terminal } = terminalOn(true, { NO_COLOR: '1' });
    expect([terminal.heading('x'), terminal.interactive]).toEqual(['x', true]);
    expect(terminalOn(true).terminal.heading('x')).toBe('\u001b[1mx\u001b[22m');
  });
});

test('progress says warnings even when quiet, and the rest only when not', () => {
  for (const quiet of [true, false]) {
    const { terminal, stderr } = terminalOn(false);
    const report = progressReporter(terminal, quiet);
    report({ type: 'warning', message: 'look out' });
    report({ type: 'dataset', message: 'reading' });
    expect(stderr.text()).toBe(`probprec: warning: look out\n${quiet ? '' : 'reading\n'}`);
  }
});

describe('the progress line', () => {
  const training = {
    secondsLeft: 725,
    share: 0.404,
    place: 'epoch 41/100',
    details: ['loss 0.2931', 'alpha 0.0123456789'],
  };

  test.each([
    [80, '12 min 05 s left  [########............]  40 %  epoch 41/100  loss 0.2931'],
    [60, '12 min 05 s left  [########............]  40 %  epoch 41/100'],
    [40, '12 min 05 s left  40 %  epoch 41/100'],
    [24, '12 min 05 s left  40 %'],
    [10, '12 min 05 '],
  ])('in %i columns: time left first, then the whole run', (width, line) => {
    expect(progressLine(training, width)).toBe(line);
  });

  test('an evaluation says what is measured, also in 40 columns', () => {
    const { terminal, stderr } = terminalOn(true);
    const report = progressReporter(terminal, false);
    report({ type: 'evaluating', epoch: 1, numEpochs: 3, phase: 'train_eval', secondsLeft: 61 });
    expect(stderr.text()).toBe('1 min 01 s left  33 %  evaluating train');
    report({ type: 'evaluating', epoch: 0, numEpochs: 3, phase: 'test', secondsLeft: Number.NaN });
    expect(stderr.text()).toContain('time left unknown  0 %  evaluating test');
    const measured = { loss: 0.123456, accuracy: 0.5 };
    const results = { train_eval: measured, valid: measured, test: measured };
    report({ type: 'evaluation', epoch: 1, numEpochs: 3, results, seconds: 1 });
    expect(stderr.text().split('\u001b[K').at(-1)).toBe(
      'epoch 1/3: train 0.1235 (50.00 %),\n  valid 0.1235 (50.00 %),\n  test 0.1235 (50.00 %)\n',
    );
  });
});

test('durations', () => {
  expect([0.4, 59, 61, 3599.6, 7500, Number.NaN].map(formatDuration)).toEqual([
    ...['0 s', '59 s', '1 min 01 s', '1 h 00 min', '2 h 05 min', '?'],
  ]);
});

test('tables align text to the left and numbers to the right', () => {
  const rows = [
    ['sgd', 7850, null],
    ['momentum', 3_274_634, 0.002],
  ];
  expect(formatTable(['name', 'parameters', 'l2'], rows, { width: 80 })).toBe(
    ['name      parameters     l2', 'sgd            7,850      -', 'momentum   3,274,634  0.002'].join('\n'),
  );
});
