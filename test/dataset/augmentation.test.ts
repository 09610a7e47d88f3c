import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Augmentation, augmentImage, type ColorChange, drawAugmentation } from '../../src/dataset/augmentation.js';
import { randomStream } from '../../src/random/index.js';

/*
 * The golden values come from Pillow 9.4 and NumPy:
 *
 *   ENHANCE = {'b': ImageEnhance.Brightness, 'c': ImageEnhance.Contrast, 's': ImageEnhance.Color}
 *   ORDERS = ['bcs', 'bsc', 'cbs', 'csb', 'sbc', 'scb']
 *   image = lambda k, n: ((np.arange(3*n*n) * (2*k+7)**2 // 5 + 31*k) % 256).astype(np.uint8).reshape(3, n, n)
 *   def augmented(k, n):
 *       planes = np.pad(image(k, n), ((0, 0), (2, 2), (2, 2)))[:, k%5:k%5+n, k//5%5:k//5%5+n]
 *       if k % 2: planes = planes[:, :, ::-1]
 *       result = Image.fromarray(np.ascontiguousarray(planes.transpose(1, 2, 0)))
 *       factor = {'b': 0.75 + 0.5*k/299, 'c': 0.2 + 1.6*k/299, 's': 1.5 - k/299}
 *       for step in ORDERS[k % 6]: result = ENHANCE[step](result).enhance(factor[step])
 *       return np.asarray(result).transpose(2, 0, 1)
 */
const ORDERS = ['bcs', 'bsc', 'cbs', 'csb', 'sbc', 'scb'];
const CHANGES: Readonly<Record<string, ColorChange>> = { b: 'brightness', c: 'contrast', s: 'saturation' };

function image(k: number, n: number): Uint8Array {
  return Uint8Array.from({ length: 3 * n * n }, (_, i) => Math.floor((i * (2 * k + 7) ** 2) / 5) + 31 * k);
}

function factors(k: number): Readonly<Record<ColorChange, number>> {
  return { brightness: 0.75 + (0.5 * k) / 299, contrast: 0.2 + (1.6 * k) / 299, saturation: 1.5 - k / 299 };
}

function colorsOf(k: number, steps: string): Augmentation['colors'] {
  return Array.from(steps, (step) => {
    const change = CHANGES[step] ?? 'brightness';
    return { change, factor: factors(k)[change] };
  });
}

function augmented(k: number, n: number, augmentation: Augmentation): Uint8Array {
  const target = new Uint8Array(3 * n * n);
  augmentImage(image(k, n), 0, { channels: 3, height: n, width: n }, augmentation, target);
  return target;
}

const asInPython = (k: number): Augmentation => ({
  top: k % 5,
  left: Math.floor(k / 5) % 5,
  mirrored: k % 2 === 1,
  colors: colorsOf(k, ORDERS[k % 6] ?? ''),
});

function digest(images: readonly Uint8Array[]): string {
  const hash = createHash('md5');
  for (const pixels of images) hash.update(pixels);
  return hash.digest('hex');
}

const numbers = Array.from({ length: 300 }, (_, k) => k);

describe('augmentImage agrees with Pillow', () => {
  it('on one 4×4 image, pixel by pixel', () => {
    // augmented(13, 4).ravel().tolist()
    expect(Array.from(augmented(13, 4, asInPython(13)))).toEqual([
      90, 98, 109, 117, 114, 57, 60, 67, 66, 88, 96, 106, 57, 57, 57, 57, 60, 68, 79, 87, 84, 99, 107, 115, 113, 58, 66,
      76, 57, 57, 57, 57, 107, 115, 57, 57, 57, 69, 77, 85, 83, 105, 113, 57, 57, 57, 57, 57,
    ]);
  });

  it('on 300 images of 32×32 with all orders, offsets and mirrors', () => {
    // hashlib.md5(b''.join(augmented(k, 32).tobytes() for k in range(300))).hexdigest()
    expect(digest(numbers.map((k) => augmented(k, 32, asInPython(k))))).toBe('7d03ba33a9098b2d24679accf1c8ed81');
  });

  // hashlib.md5(b''.join(ENHANCE[s](Image of image(k, 32)).enhance(factor[s]) as planes for k in range(300))).hexdigest()
  it.each([
    ['b', '8bbfccdea27982a40cbc44f198adff6d'],
    ['c', 'a52111ba488b148b9b500df22ccff36b'],
    ['s', '798d104239b397853d01a5c2be5a035a'],
  ])('on the colour change %s alone', (step, golden) => {
    const images = numbers.map((k) =>
      augmented(k, 32, { top: 2, left: 2, mirrored: false, colors: colorsOf(k, step) }),
    );
    expect(digest(images)).toBe(golden);
  });
});

describe('augmentImage', () => {
  it('leaves an image unchanged at the central crop without colour changes', () => {
    expect(augmented(3, 8, { top: 2, left: 2, mirrored: false, colors: [] })).toEqual(image(3, 8));
  });

  it('reads the image at the given offset only', () => {
    const two = new Uint8Array([...image(1, 8), ...image(2, 8)]);
    const target = new Uint8Array(192);
    augmentImage(two, 192, { channels: 3, height: 8, width: 8 }, asInPython(44), target);
    const alone = new Uint8Array(192);
    augmentImage(image(2, 8), 0, { channels: 3, height: 8, width: 8 }, asInPython(44), alone);
    expect(target).toEqual(alone);
  });
});

describe('drawAugmentation', () => {
  const parent = randomStream(42, 'test');
  const drawn = Array.from({ length: 20_000 }, (_, i) => drawAugmentation(parent.child(i), { mirrors: true }));

  it('mirrors nothing where that is not wanted, and keeps the rest at random', () => {
    const plain = Array.from({ length: 2000 }, (_, i) => drawAugmentation(parent.child(i), { mirrors: false }));
    expect(plain.some(({ mirrored }) => mirrored)).toBe(false);
    expect(new Set(plain.map(({ top, left }) => 5 * top + left)).size).toBe(25);
    expect(new Set(plain.map(({ colors }) => colors.map(({ change }) => change).join())).size).toBe(6);
  });

  it('draws every offset, both directions and every order equally often', () => {
    const counts = new Map<string, number>();
    for (const { top, left, mirrored, colors } of drawn) {
      const key = `${top} ${left} ${mirrored} ${colors.map(({ change }) => change[0]).join('')}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const cells = 25 * 2 * 6;
    expect(counts.size).toBe(cells);
    const expected = drawn.length / cells;
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(Math.abs(chiSquare - (cells - 1))).toBeLessThan(5 * Math.sqrt(2 * (cells - 1)));
  });

  it.each([
    ['brightness', 1 - 63 / 255, 1 + 63 / 255],
    ['contrast', 0.2, 1.8],
    ['saturation', 0.5, 1.5],
  ])('draws %s factors uniformly from %f to %f', (change, low, high) => {
    const values = drawn.map(({ colors }) => colors.find((color) => color.change === change)?.factor ?? Number.NaN);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean - 1)).toBeLessThan((5 * (high - low)) / Math.sqrt(12 * values.length));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(low);
    expect(Math.min(...values)).toBeLessThan(low + 0.01);
    expect(Math.max(...values)).toBeLessThanOrEqual(high);
    expect(Math.max(...values)).toBeGreaterThan(high - 0.01);
  });
});
