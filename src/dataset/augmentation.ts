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
 * Draws DeepOBS' CIFAR augmentation: crop from the image padded by 2 zeros, mirror with probability 1/2, colour jitter
 * (brightness 63/255, contrast [0.2, 1.8], saturation [0.5, 1.5]) in random order, as torchvision's ColorJitter.
 */
export function drawAugmentation(stream: RandomStream): Augmentation {
  const top = stream.integer(2 * PADDING + 1);
  const left = stream.integer(2 * PADDING + 1);
  const mirrored = stream.integer(2) === 1;
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
  cropImage(pixels, offset, shape, augmentation, target);
  // Brightness and contrast map each byte by itself: their maps are composed and applied in the next pass over the image.
  pending.set(identity);
  for (const { change, factor } of augmentation.colors) {
    if (change === 'brightness') composeBlend(0, factor);
    else if (change === 'contrast') composeBlend(meanGrey(target), factor);
    else blendWithOwnGrey(target, factor);
  }
  for (let i = 0; i < target.length; i++) target[i] = pending[target[i] ?? 0] ?? 0;
}

const identity = Uint8Array.from({ length: 256 }, (_, value) => value);
/** The changes of each byte that are still to be made to the image in work. */
const pending = new Uint8Array(256);
const scaledDifferences = new Float32Array(511);

function cropImage(
  pixels: Uint8Array,
  offset: number,
  { channels, height, width }: ImageShape,
  { top, left, mirrored }: Augmentation,
  target: Uint8Array,
): void {
  target.fill(0);
  const firstRow = Math.max(0, PADDING - top);
  const endRow = Math.min(height, height + PADDING - top);
  const firstColumn = Math.max(0, PADDING - left);
  const endColumn = Math.min(width, width + PADDING - left);
  for (let channel = 0; channel < channels; channel++) {
    for (let row = firstRow; row < endRow; row++) {
      const to = (channel * height + row) * width;
      const from = offset + (channel * height + row + top - PADDING) * width + left - PADDING;
      if (mirrored) {
        for (let x = firstColumn; x < endColumn; x++) target[to + width - 1 - x] = pixels[from + x] ?? 0;
      } else {
        for (let x = firstColumn; x < endColumn; x++) target[to + x] = pixels[from + x] ?? 0;
      }
    }
  }
}

/** Pillow's conversion to 8-bit grey, ITU-R 601 luma in 16-bit fixed point. */
function grey(red: number, green: number, blue: number): number {
  return (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;
}

/** The rounded mean of the grey image. */
function meanGrey(image: Uint8Array): number {
  const area = image.length / 3;
  let sum = 0;
  for (let i = 0; i < area; i++) {
    const red = pending[image[i] ?? 0] ?? 0;
    const green = pending[image[area + i] ?? 0] ?? 0;
    const blue = pending[image[2 * area + i] ?? 0] ?? 0;
    sum += grey(red, green, blue);
  }
  return Math.floor(sum / area + 0.5);
}

/** image ← blend(constant grey `level`, image, factor), made pending. */
function composeBlend(level: number, factor: number): void {
  const alpha = Math.fround(factor);
  for (let i = 0; i < 256; i++) {
    pending[i] = clamped(Math.fround(level + Math.fround(alpha * ((pending[i] ?? 0) - level))));
  }
}

/** image ← blend(grey version of the image, image, factor), together with what was pending. */
function blendWithOwnGrey(image: Uint8Array, factor: number): void {
  const alpha = Math.fround(factor);
  for (let difference = -255; difference <= 255; difference++) {
    scaledDifferences[difference + 255] = alpha * difference;
  }
  const area = image.length / 3;
  for (let i = 0; i < area; i++) {
    const red = pending[image[i] ?? 0] ?? 0;
    const green = pending[image[area + i] ?? 0] ?? 0;
    const blue = pending[image[2 * area + i] ?? 0] ?? 0;
    const level = grey(red, green, blue);
    image[i] = clamped(Math.fround(level + (scaledDifferences[red - level + 255] ?? 0)));
    image[area + i] = clamped(Math.fround(level + (scaledDifferences[green - level + 255] ?? 0)));
    image[2 * area + i] = clamped(Math.fround(level + (scaledDifferences[blue - level + 255] ?? 0)));
  }
  pending.set(identity);
}

function clamped(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : value | 0;
}
