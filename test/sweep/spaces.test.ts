import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { float2str } from '../../src/results/index.js';
import { readSpace, statedValue } from '../../src/sweep/spaces.js';

const grid = (stated: Parameters<typeof readSpace>[0]) => {
  const space = readSpace(stated);
  if (space.kind !== 'grid') throw new Error('not a grid');
  return space.values;
};

/** The learning rates of the DeepOBS baselines, as their files spell them. */
const PUBLISHED = [
  1e-5, 2.3357214690901213e-5, 5.4555947811685143e-5, 0.00012742749857031334, 0.00029763514416313193,
  0.0006951927961775605, 0.001623776739188721, 0.00379269019073225, 0.008858667904100823, 0.02069138081114788,
  0.04832930238571752, 0.11288378916846883, 0.26366508987303555, 0.6158482110660255, 1.438449888287663,
  3.359818286283781, 7.847599703514606, 18.32980710832434, 42.81332398719387, 100,
];

describe('grids', () => {
  test('deepobs is the grid of the published baselines to the last bit', () => {
    expect(grid('deepobs')).toEqual(PUBLISHED);
    expect(grid('log:1e-5:1e2:20')).toEqual(PUBLISHED);
  });

  const file = join(process.env.PROBPREC_REFERENCE_DIR ?? '', 'published-lr-grids.json');
  test.skipIf(!existsSync(file))('deepobs is what the published files hold, and names the same folders', () => {
    const { grids } = JSON.parse(readFileSync(file, 'utf8'));
    expect(grids.length).toBeGreaterThan(0);
    for (const { points } of grids) {
      const published: number[] = points.map(({ hyperparams }: { hyperparams: { lr: number } }) => hyperparams.lr);
      expect(published.map(float2str)).toEqual(grid('deepobs').map((lr) => float2str(Number(lr))));
      expect(published).toEqual(grid('deepobs'));
    }
  });

  test('log has exactly the given ends', () => {
    // Python: float(Decimal(10) ** Decimal(k * step + start)) of numpy's linspace between the logarithms; ends as given.
    expect(grid('log:0.003:0.7:7')).toEqual([
      0.003, 0.007443617568993925, 0.01846914750447834, 0.04582575694955841, 0.11370313651405946, 0.2821208882019225,
      0.7,
    ]);
  });

  // numpy.linspace(0.1, 0.9, 5)
  test('lin', () => expect(grid('lin:0.1:0.9:5')).toEqual([0.1, 0.30000000000000004, 0.5, 0.7000000000000001, 0.9]));

  test.each([
    ['values with commas', '0.1, 1e-3,true,word', [0.1, 0.001, true, 'word']],
    ['a list, as it is', ['log:1:2:3', 2, false], ['log:1:2:3', 2, false]],
    ['a number', 3, [3]],
    ['a truth value', false, [false]],
    ['a word', 'mean', ['mean']],
  ])('%s', (_, stated, values) => expect(grid(stated)).toEqual(values));
});

describe('spaces to draw from', () => {
  const at = (stated: string, ...coordinates: number[]) => {
    const space = readSpace(stated);
    if (space.kind !== 'sampled') throw new Error('nothing to draw');
    return coordinates.map(space.at);
  };
  const last = 1 - 2 ** -53;

  test('uniform', () => expect(at('uniform:-1:3', 0, 0.5, last)).toEqual([-1, 1, 3]));
  test('loguniform', () => expect(at('loguniform:1e-5:1e2', 0, 0.5, last)).toEqual([1e-5, 0.0316228, 100]));
  test('integers, both ends included', () => {
    expect(at('integers:2:4', 0, 0.32, 0.34, 0.67, last)).toEqual([2, 2, 3, 4, 4]);
  });
  test('choice', () => expect(at('choice:a,0.5,true', 0, 0.34, last)).toEqual(['a', 0.5, true]));
  test('bounds hold although values are rounded', () => {
    expect(at('uniform:0.12345678:0.12345679', 0, last)).toEqual([0.12345678, 0.12345679]);
  });
});

describe('what is no space says what was found and expected:', () => {
  test.each([
    ['log:1e-5:1e2', /"log:1e-5:1e2", expected log:LOW:HIGH:N/],
    ['log:0:1:5', /LOW > 0/],
    ['log:2:1:5', /LOW < HIGH/],
    ['lin:0:1:1', /N from 2/],
    ['lin:0:1:2.5', /N from 2/],
    ['lin:0:x:5', /finite numbers/],
    ['integers:0.5:3', /whole numbers/],
    ['logs:1:2:3', /logs: not known; did you mean log/],
    ['0.1,', /empty value/],
    [[], /empty list/],
  ])('%j', (stated, message) => expect(() => readSpace(stated)).toThrow(message));
});

test.each(['log:1:2:3', 'a,b', 'deepobs', 'true', '0.5', 'mean', 'x:y'])('%s stated literally is one value', (text) => {
  expect(grid(statedValue(text))).toEqual([text]);
});
