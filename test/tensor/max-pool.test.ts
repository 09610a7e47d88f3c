import { describe, expect, test } from 'vitest';
import {
  constant,
  dot,
  gradients,
  input,
  maxPool2d,
  maxPoolGather,
  maxPoolScatter,
  type PoolingGeometry,
} from '../../src/tensor/index.js';
import { evaluate } from '../oracle/reference-engine.js';

const numbers = (values: readonly number[]) => Float64Array.from(values);

/** All faces of the pooling of one image: maxima, what scattering `g` gives, what gathering `v` gives. */
function pool(image: readonly number[][], geometry: PoolingGeometry, g: readonly number[], v?: readonly number[]) {
  const [height, width] = [image.length, image[0]?.length ?? 0];
  const x = input('x', [1, 1, height, width]);
  const y = maxPool2d(x, geometry);
  const outputs = {
    y,
    scattered: maxPoolScatter(x, input('g', y.shape), geometry),
    gathered: maxPoolGather(x, input('v', x.shape), geometry),
    gradient: gradients(dot(y, input('g', y.shape)), [x])[0] ?? constant(0),
  };
  const feeds = { x: numbers(image.flat()), g: numbers(g), v: numbers(v ?? image.flat()) };
  const { gradient } = evaluate({ gradient: outputs.gradient }, feeds);
  const { scattered } = evaluate({ scattered: outputs.scattered }, feeds);
  expect(gradient).toEqual(scattered);
  const results = evaluate({ y, gathered: outputs.gathered }, feeds);
  return { y: [...(results.y ?? [])], scattered: [...(scattered ?? [])], gathered: [...(results.gathered ?? [])] };
}

const twoByTwo: PoolingGeometry = { window: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] };

describe('the first maximum in row-major order is selected', () => {
  test('one maximum', () => {
    const result = pool(
      [
        [1, 2],
        [4, 3],
      ],
      twoByTwo,
      [10],
      [5, 6, 7, 8],
    );
    expect(result).toEqual({ y: [4], scattered: [0, 0, 10, 0], gathered: [7] });
  });

  test('a constant background gives everything to the first element of each window', () => {
    const background = [
      [7, 7, 7, 7],
      [7, 7, 7, 7],
    ];
    const result = pool(background, twoByTwo, [1, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
    expect(result).toEqual({ y: [7, 7], scattered: [1, 0, 2, 0, 0, 0, 0, 0], gathered: [1, 3] });
  });

  test('zeros, as after a relu', () => {
    expect(
      pool(
        [
          [0, 0],
          [0, 0],
        ],
        twoByTwo,
        [3],
      ).scattered,
    ).toEqual([3, 0, 0, 0]);
  });

  test('duplicates: the row above wins, then the column on the left', () => {
    expect(
      pool(
        [
          [1, 5],
          [5, 5],
        ],
        twoByTwo,
        [3],
      ).scattered,
    ).toEqual([0, 3, 0, 0]);
    expect(
      pool(
        [
          [1, 2],
          [5, 5],
        ],
        twoByTwo,
        [3],
      ).scattered,
    ).toEqual([0, 0, 3, 0]);
  });

  test('overlapping windows that select the same element add up', () => {
    // Windows 2×2 at stride 1 over a 3×3 image: all four contain the centre.
    const geometry: PoolingGeometry = { window: [2, 2], stride: [1, 1], padding: [0, 0, 0, 0] };
    const result = pool(
      [
        [0, 0, 0],
        [0, 9, 0],
        [0, 0, 0],
      ],
      geometry,
      [1, 2, 4, 8],
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
    expect(result).toEqual({ y: [9, 9, 9, 9], scattered: [0, 0, 0, 0, 15, 0, 0, 0, 0], gathered: [5, 5, 5, 5] });
  });

  test('rows and columns that no window covers get nothing', () => {
    const result = pool(
      [
        [1, 2, 99],
        [3, 4, 99],
        [99, 99, 99],
      ],
      twoByTwo,
      [6],
    );
    expect(result).toEqual({ y: [4], scattered: [0, 0, 0, 0, 6, 0, 0, 0, 0], gathered: [4] });
  });

  test('images and channels are independent', () => {
    const x = input('x', [2, 2, 2, 2]);
    const feeds = { x: numbers([1, 2, 3, 4, 8, 7, 6, 5, 0, 1, 1, 0, 2, 2, 2, 2]), g: numbers([1, 2, 3, 4]) };
    const g = input('g', [2, 2, 1, 1]);
    expect([...(evaluate({ y: maxPool2d(x, twoByTwo) }, feeds).y ?? [])]).toEqual([4, 8, 1, 2]);
    expect([...(evaluate({ s: maxPoolScatter(x, g, twoByTwo) }, feeds).s ?? [])]).toEqual([
      ...[0, 0, 0, 1],
      ...[2, 0, 0, 0],
      ...[0, 3, 0, 0],
      ...[4, 0, 0, 0],
    ]);
  });
});

describe('padding counts as an element of value 0', () => {
  const below: PoolingGeometry = { window: [2, 2], stride: [2, 2], padding: [0, 0, 1, 1] };
  const above: PoolingGeometry = { window: [2, 2], stride: [2, 2], padding: [1, 1, 0, 0] };

  test('negative windows select it: the maximum is 0, gradient dropped, 0 gathered', () => {
    // Windows: {1, 2, 3, 4}·(−1) whole; then columns 3 | padding, rows 3 | padding, and the corner.
    const image = [
      [-1, -2, -3],
      [-4, -5, -6],
      [-7, -8, -9],
    ];
    const result = pool(image, below, [1, 2, 4, 8], [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(result).toEqual({ y: [-1, 0, 0, 0], scattered: [1, 0, 0, 0, 0, 0, 0, 0, 0], gathered: [1, 0, 0, 0] });
  });

  test('positive elements win over it', () => {
    const result = pool(
      [
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ],
      below,
      [1, 2, 4, 8],
    );
    expect(result).toEqual({ y: [5, 6, 8, 9], scattered: [0, 0, 0, 0, 1, 2, 0, 4, 8], gathered: [5, 6, 8, 9] });
  });

  test('a zero in front of the padding wins the tie', () => {
    expect(pool([[0]], { ...below, stride: [1, 1] }, [3]).scattered).toEqual([3]);
  });

  test('padding in front of a zero wins the tie', () => {
    expect(pool([[0]], { ...above, stride: [1, 1] }, [3], [5])).toEqual({ y: [0], scattered: [0], gathered: [0] });
  });

  test('padding on the right of a row comes before the row below', () => {
    // Window 2×2 at column 1: [−1, padding / 0, padding]: the first maximum is the padding of the first row.
    const geometry: PoolingGeometry = { window: [2, 2], stride: [1, 1], padding: [0, 0, 0, 1] };
    expect(pool([[-1], [0]], geometry, [3], [5, 6])).toEqual({ y: [0], scattered: [0, 0], gathered: [0] });
  });
});

test('window 3×3 at stride 2 with padding (0, 0, 1, 1): overlapping windows, ties and padding together', () => {
  const geometry: PoolingGeometry = { window: [3, 3], stride: [2, 2], padding: [0, 0, 1, 1] };
  // Windows: rows 0–2 or 2–4 (4 is padding) by columns 0–2 or 2–4 (4 is padding).
  const image = [
    [1, 1, 5, 5],
    [2, 2, 2, -1],
    [5, 0, 5, -1],
    [0, -1, -1, -1],
  ];
  const v = Array.from({ length: 16 }, (_, index) => index);
  const result = pool(image, geometry, [1, 2, 4, 8], v);
  expect(result.y).toEqual([5, 5, 5, 5]);
  // First 5 of each window: (0, 2), (0, 2), (2, 0), (2, 2).
  expect(result.gathered).toEqual([2, 2, 8, 10]);
  expect(result.scattered).toEqual([...[0, 0, 3, 0], ...[0, 0, 0, 0], ...[4, 0, 8, 0], ...[0, 0, 0, 0]]);
});
