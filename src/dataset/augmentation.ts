import type { RandomStream } from '../random/index.js';
import type { ImageShape } from './image-table.js';

const PADDING = 2;
const BRIGHTNESS = [1 - 63 / 255, 1 + 63 / 255] as const;
const CONTRAST = [0.2, 1.8] as const;
const SATURATION = [0.5, 1.5] as const;
const ORDERS = [
  ['brightness', 'contrast', 'saturation'],
  ['brightness', 'saturation', 'contrast'],
  ['contrast', 'brightness', 'saturation'],
  ['contrast', 'saturation', 'brightness'],
  ['saturation', 'brightness', 'contrast'],
  ['saturation', 'contrast', 'brightness'],
] as const;

/** One step of colour jitter. */
export type ColorChange = 'brightness' | 'contrast' | 'saturation';

/** What is done to one image: crop offsets in the padded image, mirroring, and the colour changes in their order. */
export interface Augmentation {
  readonly top: number;
  readonly left: number;
  readonly mirrored: boolean;
  readonly colors: readonly { readonly change: ColorChange; readonly factor: number }[];
}

/**
 * Draws DeepOBS' augmentation: crop from the image padded by 2 zeros, mirror with probability 1/2 (on CIFAR, but not house
 * numbers), colour jitter (brightness 63/255, contrast [0.2, 1.8], saturation [0.5, 1.5]) in random order, as torchvision's
 * ColorJitter.
 */
export function drawAugmentation(stream: RandomStream, { mirrors }: { readonly mirrors: boolean }): Augmentation {
  const top = stream.integer(2 * PADDING + 1);
  const left = stream.integer(2 * PADDING + 1);
  const mirrored = mirrors && stream.integer(2) === 1;
  const order = ORDERS[stream.integer(ORDERS.length)] ?? ORDERS[0];
  const between = ([low, high]: readonly [number, number]): number => low + (high - low) * stream.uniform();
  const factors = { brightness: between(BRIGHTNESS), contrast: between(CONTRAST), saturation: between(SATURATION) };
  return { top, left, mirrored, colors: order.map((change) => ({ change, factor: factors[change] })) };
}

/**
 * Writes the augmented image that starts at `pixels[offset]` (bytes, R, G and B planes) to `target`. Colours change as in
 * Pillow's ImageEnhance on 8-bit images: each change blends with single precision, clamps to 0..255 and cuts off.
 */
export function augmentImage(
  pixels: Uint8Array,
  offset: number,
  shape: ImageShape,
  augmentation: Augmentation,
  target: Uint8Array,
): void {
  const map = augmentUpToMap(pixels, offset, shape, augmentation, target);
  for (let i = 0; i < target.length; i++) target[i] = map[target[i] as number] as number;
}

/**
 * As {@link augmentImage}, but leaves the last step to the caller, who can make it together with a step of its own: the
 * augmented image is map[target[i]] with the map that is returned, which holds until the next call.
 */
export function augmentUpToMap(
  pixels: Uint8Array,
  offset: number,
  shape: ImageShape,
  augmentation: Augmentation,
  target: Uint8Array,
): Uint8Array {
  cropImage(pixels, offset, shape, augmentation, target);
  // Brightness and contrast map each byte by itself: their maps are composed and applied in the next pass over the image.
  pending.set(identity);
  for (const { change, factor } of augmentation.colors) {
    if (change === 'brightness') composeBlend(0, factor);
    else if (change === 'contrast') composeBlend(meanGrey(target, pending, target.length / 3), factor);
    else {
      for (let i = 0; i < 511; i++) scaledDifferences[i] = Math.fround(factor) * (i - 255);
      blendWithOwnGrey(target, pending, scaledDifferences, clamped, target.length / 3);
      pending.set(identity);
    }
  }
  return pending;
}

const identity = Uint8Array.from({ length: 256 }, (_, value) => value);
/** The changes of each byte that are still to be made to the image in work. */
const pending = new Uint8Array(256);
/** The saturation's factor times −255 … 255. */
const scaledDifferences = new Float32Array(511);
/** `clamped[LOWEST + value]` is the value clamped to 0..255: a table, because colours clamp too unpredictably to branch. */
const LOWEST = 512;
const clamped = Uint8Array.from({ length: 1280 }, (_, i) => Math.max(0, Math.min(255, i - LOWEST)));

/** Shifts each plane by one copy; rows run over into each other there, but only into the border, which is then cleared. */
function cropImage(
  pixels: Uint8Array,
  offset: number,
  { channels, height, width }: ImageShape,
  { top, left, mirrored }: Augmentation,
  target: Uint8Array,
): void {
  const area = height * width;
  const down = top - PADDING;
  const right = left - PADDING;
  const shift = down * width + right;
  for (let plane = 0; plane < channels * area; plane += area) {
    const end = plane + area;
    const from = offset + plane;
    target.set(
      pixels.subarray(from + Math.max(0, shift), from + Math.min(area, area + shift)),
      plane + Math.max(0, -shift),
    );
    if (down < 0) target.fill(0, plane, plane - down * width);
    else target.fill(0, end - down * width, end);
    for (let row = plane; row < end; row += width) {
      if (right < 0) target.fill(0, row, row - right);
      else if (right > 0) target.fill(0, row + width - right, row + width);
    }
  }
  if (mirrored) mirrorRows(target, width, channels * area);
}

function mirrorRows(image: Uint8Array, width: number, size: number): void {
  for (let row = 0; row < size; row += width) {
    for (let low = row, high = row + width - 1; low < high; low++, high--) {
      const value = image[low] as number;
      image[low] = image[high] as number;
      image[high] = value;
    }
  }
}

/** Pillow's conversion to 8-bit grey, ITU-R 601 luma in 16-bit fixed point. */
function grey(red: number, green: number, blue: number): number {
  return (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;
}

// The loops over an image get everything as arguments and know its size beforehand: that makes them several times faster.

/** The rounded mean of the grey version of the image map[image]. */
function meanGrey(image: Uint8Array, map: Uint8Array, area: number): number {
  let sum = 0;
  for (let i = 0; i < area; i++) {
    const red = map[image[i] as number] as number;
    const green = map[image[area + i] as number] as number;
    const blue = map[image[2 * area + i] as number] as number;
    sum += grey(red, green, blue);
  }
  return Math.floor(sum / area + 0.5);
}

/** image ← blend(constant grey `level`, image, factor), made pending. */
function composeBlend(level: number, factor: number): void {
  const alpha = Math.fround(factor);
  for (let i = 0; i < 256; i++) {
    const value = Math.fround(level + Math.fround(alpha * ((pending[i] as number) - level)));
    pending[i] = clamped[LOWEST + Math.trunc(value)] as number;
  }
}

/** image ← blend(grey version of map[image], map[image], factor), where scaled[255 + d] is the factor times d. */
function blendWithOwnGrey(
  image: Uint8Array,
  map: Uint8Array,
  scaled: Float32Array,
  clamp: Uint8Array,
  area: number,
): void {
  for (let i = 0; i < area; i++) {
    const red = map[image[i] as number] as number;
    const green = map[image[area + i] as number] as number;
    const blue = map[image[2 * area + i] as number] as number;
    const level = grey(red, green, blue);
    const zero = 255 - level;
    image[i] = clamp[LOWEST + (Math.fround(level + (scaled[red + zero] as number)) | 0)] as number;
    image[area + i] = clamp[LOWEST + (Math.fround(level + (scaled[green + zero] as number)) | 0)] as number;
    image[2 * area + i] = clamp[LOWEST + (Math.fround(level + (scaled[blue + zero] as number)) | 0)] as number;
  }
}
