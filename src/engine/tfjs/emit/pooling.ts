import { exactly } from '../../../expect.js';
import { inputOf, type PoolingGeometry, poolingGeometryOf, type Tensor } from '../../../tensor/index.js';
import { arranged, type Emitter, type Layout, type Lowering } from '../lowering.js';
import type { Slot } from '../plan.js';
import { cropped, padded } from './padding.js';

/**
 * Pooling selects the FIRST maximum of a window, padding being an element of value 0. MaxPool alone is safe, on images that
 * are padded before (tfjs-node takes no explicit padding, and "same" pads with −∞). Where the place matters, no kernel is:
 * MaxPoolGrad leaves the choice among equal elements to a GPU's library, MaxPoolWithArgmax is missing in tfjs-node.
 * So the places are found by comparing each element of the window with the maximum.
 */
interface Pooling {
  readonly geometry: PoolingGeometry;
  /** Shape (n, h, w, c) of the padded images. */
  readonly from: readonly [number, number, number, number];
  /** Shape (n, h', w', c) of the pooled images. */
  readonly to: readonly [number, number, number, number];
}

function poolingOf(node: Tensor): Pooling {
  const geometry = poolingGeometryOf(node);
  const { window, stride, padding } = geometry;
  const [n, h, w, c] = exactly(arranged(inputOf(node, 0).shape, 'channelsLast'), 4);
  const [height, width] = [h + padding[0] + padding[2], w + padding[1] + padding[3]];
  const rows = Math.floor((height - window[0]) / stride[0]) + 1;
  const columns = Math.floor((width - window[1]) / stride[1]) + 1;
  return { geometry, from: [n, height, width, c], to: [n, rows, columns, c] };
}

function pooled(image: Slot, { geometry }: Pooling, lowering: Lowering): Slot {
  return lowering.call(
    'MaxPool',
    { x: image },
    { filterSize: geometry.window, strides: geometry.stride, pad: 'valid' },
  );
}

/** The places of a window in row-major order. */
function placesOf({ geometry: { window } }: Pooling): [number, number][] {
  return Array.from({ length: window[0] * window[1] }, (_, place) => [
    Math.floor(place / window[1]),
    place % window[1],
  ]);
}

/** How many rows and columns beyond its own a window reaches, in strides. */
function reachOf({ geometry: { window, stride } }: Pooling): [number, number] {
  return [Math.ceil(window[0] / stride[0]) - 1, Math.ceil(window[1] / stride[1]) - 1];
}

/**
 * The element at one place of every window: (n, h', w', c). Row r·stride + i of the images is row r + ⌊i / stride⌋ of those
 * rows whose remainder by the stride is i mod stride; columns alike. So the images are parted by remainders, which leaves
 * whole pixels together: the StridedSlice kernel picks element by element and takes longer than the convolutions.
 */
function elementAt([i, j]: readonly [number, number], image: Slot, pooling: Pooling, lowering: Lowering): Slot {
  const { from, to, geometry } = pooling;
  const [n, rows, columns, c] = to;
  const [down, right] = reachOf(pooling);
  const [high, wide] = [rows + down, columns + right];
  const [rowStride, columnStride] = geometry.stride;
  const whole = fitted(image, from, [n, high * rowStride, wide * columnStride, c], lowering);
  const parts = lowering.view(whole, [n * high, rowStride, wide, columnStride, c]);
  const window = { begin: [0, i % rowStride, 0, j % columnStride, 0], size: [n * high, 1, wide, 1, c] };
  const part = rowStride * columnStride === 1 ? parts : lowering.call('Slice', { x: parts }, window);
  const corner = [Math.floor(i / rowStride), Math.floor(j / columnStride)] as const;
  return cropped(lowering.view(part, [n, high, wide, c]), [n, high, wide, c], corner, [rows, columns], lowering);
}

/** For each place of a window 1 where it holds the first maximum, else 0: (n, h', w', c) each. */
function selections(x: Tensor, pooling: Pooling, lowering: Lowering): { place: [number, number]; mask: Slot }[] {
  const image = padded(lowering.value(x, 'channelsLast'), pooling.geometry.padding, lowering);
  const largest = pooled(image, pooling, lowering);
  let open: Slot | null = null;
  return placesOf(pooling).map((place) => {
    const isLargest = lowering.call('Equal', { a: elementAt(place, image, pooling, lowering), b: largest });
    const isFirst: Slot = open === null ? isLargest : lowering.call('LogicalAnd', { a: isLargest, b: open });
    const differs = lowering.call('LogicalNot', { x: isLargest });
    open = open === null ? differs : lowering.call('LogicalAnd', { a: open, b: differs });
    return { place, mask: lowering.call('Cast', { x: isFirst }, { dtype: 'float32' }) };
  });
}

const maxPool2d: Emitter = (node, lowering) => {
  const pooling = poolingOf(node);
  const image = padded(lowering.input(node, 0, 'channelsLast'), pooling.geometry.padding, lowering);
  return pooled(image, pooling, lowering);
};

const gather: Emitter = (node, lowering) => {
  const pooling = poolingOf(node);
  const values = padded(lowering.input(node, 1, 'channelsLast'), pooling.geometry.padding, lowering);
  return selections(inputOf(node, 0), pooling, lowering)
    .map(({ place, mask }) => lowering.call('Multiply', { a: mask, b: elementAt(place, values, pooling, lowering) }))
    .reduce((a, b) => lowering.call('Add', { a, b }));
};

const scatter: Emitter = (node, lowering) => {
  const pooling = poolingOf(node);
  const gradient = lowering.input(node, 1, 'channelsLast');
  const parts = selections(inputOf(node, 0), pooling, lowering).map(({ place, mask }) => ({
    place,
    part: lowering.call('Multiply', { a: mask, b: gradient }),
  }));
  const { padding } = pooling.geometry;
  const [, height, width] = exactly(arranged(node.shape, 'channelsLast'), 4);
  return cropped(spread(parts, pooling, lowering), pooling.from, [padding[0], padding[1]], [height, width], lowering);
};

/** Puts the parts (n, h', w', c) back to their places in the windows and adds where windows overlap; undoes `elementAt`. */
function spread(
  parts: readonly { readonly place: readonly [number, number]; readonly part: Slot }[],
  pooling: Pooling,
  lowering: Lowering,
): Slot {
  const { from, to, geometry } = pooling;
  const { stride } = geometry;
  const [n, rows, columns, c] = to;
  const [down, right] = reachOf(pooling);
  const phase = [n, rows + down, columns + right, c];
  const ofRemainder = (row: number, column: number): Slot => {
    const shifted = parts
      .filter(({ place: [i, j] }) => i % stride[0] === row && j % stride[1] === column)
      .map(({ place: [i, j], part }) => {
        const [top, left] = [Math.floor(i / stride[0]), Math.floor(j / stride[1])];
        return padded(part, [top, left, down - top, right - left], lowering);
      });
    const [first = lowering.constant(0, phase), ...others] = shifted;
    return others.reduce((a, b) => lowering.call('Add', { a, b }), first);
  };
  const lines = Array.from({ length: stride[0] }, (_, row) => {
    const remainders = Array.from({ length: stride[1] }, (_, column) => ofRemainder(row, column));
    return interleaved(remainders, phase, 2, lowering);
  });
  const width = (columns + right) * stride[1];
  const image = interleaved(lines, [n, rows + down, width, c], 1, lowering);
  return fitted(image, [n, (rows + down) * stride[0], width, c], from, lowering);
}

/** Tensors of one shape merged along an axis: the first of each, the second of each, … */
function interleaved(tensors: readonly Slot[], shape: readonly number[], axis: number, lowering: Lowering): Slot {
  const [only] = tensors;
  if (only !== undefined && tensors.length === 1) return only;
  const apart = shape.toSpliced(axis + 1, 0, 1);
  const views = tensors.map((tensor) => lowering.view(tensor, apart));
  const merged = shape.map((length, place) => (place === axis ? length * tensors.length : length));
  return lowering.view(lowering.call('Concat', views, { axis: axis + 1 }), merged);
}

/** Images (n, h, w, c) cut or padded with zeros at their bottom and right until they have a shape. */
function fitted(image: Slot, shape: readonly number[], wanted: readonly number[], lowering: Lowering): Slot {
  const [n = 1, h = 1, w = 1, c = 1] = shape;
  const [, height = 1, width = 1] = wanted;
  const kept = [Math.min(h, height), Math.min(w, width)] as const;
  const cut = cropped(image, [n, h, w, c], [0, 0], kept, lowering);
  return padded(cut, [0, 0, height - kept[0], width - kept[1]], lowering);
}

export const emitters: Record<string, Emitter> = {
  maxPool2d,
  maxPoolGather: gather,
  maxPoolScatter: scatter,
};

export const naturalLayouts: Record<string, () => Layout> = {
  maxPool2d: () => 'channelsLast',
  maxPoolGather: () => 'channelsLast',
  maxPoolScatter: () => 'channelsLast',
};
