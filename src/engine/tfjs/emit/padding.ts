import type { Shape } from '../../../tensor/index.js';
import type { Lowering } from '../lowering.js';
import type { Slot } from '../plan.js';

/** Zeros around images (n, h, w, c): [top, left, bottom, right]. */
export function padded(
  image: Slot,
  [top = 0, left = 0, bottom = 0, right = 0]: readonly number[],
  lowering: Lowering,
): Slot {
  if (top + left + bottom + right === 0) return image;
  const paddings = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  return lowering.call('PadV2', { x: image }, { paddings, constantValue: 0 });
}

/** The part of images (n, h, w, c) of the given shape that begins at a row and column and has a size. */
export function cropped(
  image: Slot,
  [n = 1, height = 1, width = 1, channels = 1]: Shape,
  [top, left]: readonly [number, number],
  size: readonly [number, number],
  lowering: Lowering,
): Slot {
  if (size[0] === height && size[1] === width) return image;
  return lowering.call('Slice', { x: image }, { begin: [0, top, left, 0], size: [n, ...size, channels] });
}
