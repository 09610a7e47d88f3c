import { exactly } from '../../../../expect.js';
import { inputOf, type PoolingGeometry, type Tensor } from '../../../../tensor/index.js';
import type { Lowering } from '../../lowering.js';
import { operatorAttributes, padsExplicitly } from './padding.js';
import { needsPlaces, type PoolingWay } from './way.js';

/**
 * Max pooling with stride 2 and windows of 2×2 or 3×3 on a blocked image, as a pooling along rows of pixels followed by
 * one along columns. The first maximum in row-major order is the first maximum of the first row that holds the largest
 * row maximum, so the two stages select exactly the places that the definition selects. Each stage works on whole planes
 * (the even and the odd positions), which the elementwise kernels run through without broadcasting.
 */
export const separablePooling: PoolingWay = (x, geometry, lowering) => {
  const isBlocked = lowering.naturalLayout(x) === 'blocked' && isSeparable(x, geometry) && !padsExplicitly(x, geometry);
  if (!isBlocked) return undefined;
  return {
    layout: 'blocked',
    pooled: () => {
      if (needsPlaces(x, lowering)) return pooledInStages(x, geometry, lowering);
      const image = lowering.value(x, 'blocked');
      return lowering.graph.add('MaxPool', [image], operatorAttributes(x, geometry), 'com.microsoft.nchwc');
    },
    scatter: (node) => {
      const g = lowering.value(inputOf(node, 1), 'blocked');
      const { along, across, alongWinners, acrossWinners } = allWinners(x, geometry, lowering);
      const rows = scatter(lowering.view(g, planeShape(across)), acrossWinners, across, lowering);
      const image = scatter(lowering.view(rows, planeShape(along)), alongWinners, along, lowering);
      return lowering.view(image, x.shape);
    },
    gather: (node) => {
      const v = lowering.value(inputOf(node, 1), 'blocked');
      const { along, across, alongWinners, acrossWinners } = allWinners(x, geometry, lowering);
      const rows = gather(v, alongWinners, along, lowering);
      return lowering.view(gather(rows, acrossWinners, across, lowering), node.shape);
    },
  };
};

/** One stage: `outer` independent lines of `length` windows over pairs of chunks of `chunk` contiguous numbers. */
interface Stage {
  readonly key: string;
  readonly window: number;
  readonly outer: number;
  readonly length: number;
  readonly chunk: number;
}

/** Whether the geometry is one that the two stages cover, with nothing but the trailing padding of TensorFlow's "same". */
function isSeparable(x: Tensor, { window, stride, padding }: PoolingGeometry): boolean {
  const [, , height, width] = exactly(x.shape, 4);
  const [size] = window;
  const square = window[1] === size && stride[0] === 2 && stride[1] === 2 && (size === 2 || size === 3);
  const [top, left, bottom, right] = padding;
  return (
    square &&
    top === 0 &&
    left === 0 &&
    bottom === size - 2 &&
    right === size - 2 &&
    height % 2 === 0 &&
    width % 2 === 0
  );
}

function stagesOf(x: Tensor, { window: [size] }: PoolingGeometry, lowering: Lowering): { along: Stage; across: Stage } {
  const [n, blocks, height, width, block] = lowering.blockedShape(x.shape);
  const key = `pooling ${size} of ${x.id}`;
  return {
    along: { key: `${key} along rows`, window: size, outer: n * blocks * height, length: width / 2, chunk: block },
    across: {
      key: `${key} across rows`,
      window: size,
      outer: n * blocks,
      length: height / 2,
      chunk: (width / 2) * block,
    },
  };
}

/** The largest value of each window along a row, blocked [n, c, h, w/2]. */
function rowMaxima(x: Tensor, { window: [size] }: PoolingGeometry, lowering: Lowering): string {
  return lowering.once(`pooling ${size} of ${x.id} row maxima`, () =>
    pool(lowering.value(x, 'blocked'), [1, size], [1, 2], [0, 0, 0, size - 2], lowering),
  );
}

function pool(image: string, kernel: number[], strides: number[], pads: number[], { graph }: Lowering): string {
  return graph.add('MaxPool', [image], { kernel_shape: kernel, strides, pads }, 'com.microsoft.nchwc');
}

/** The pooled image, blocked. */
function pooledInStages(x: Tensor, geometry: PoolingGeometry, lowering: Lowering): string {
  const [size] = geometry.window;
  return lowering.once(`pooling ${size} of ${x.id} pooled`, () =>
    pool(rowMaxima(x, geometry, lowering), [size, 1], [2, 1], [0, 0, size - 2, 0], lowering),
  );
}

/** The chunks at even (0) or odd (1) positions, [outer, length, chunk]. Gather works in parallel where Slice does not. */
function plane(name: string, parity: 0 | 1, stage: Stage, lowering: Lowering): string {
  const { graph } = lowering;
  const { outer, length, chunk } = stage;
  const positions = Array.from({ length }, (_, index) => 2 * index + parity);
  return graph.add('Gather', [lowering.view(name, [outer, 2 * length, chunk]), graph.integers(positions)], { axis: 1 });
}

function planeShape({ outer, length, chunk }: Stage): number[] {
  return [outer, length, chunk];
}

/**
 * Moves by whole windows, [outer, length, chunk]: entry i of the result is entry i − shift. What leaves at one end comes in at
 * the other, where it must be zero or be multiplied by zero: the third element of a line's last window is padding, which
 * never wins. Gather works in parallel where Pad does not.
 */
function shifted(name: string, shift: 1 | -1, { length }: Stage, lowering: Lowering): string {
  const positions = Array.from({ length }, (_, index) => (index - shift + length) % length);
  return lowering.graph.add('Gather', [name, lowering.graph.integers(positions)], { axis: 1 });
}

/** 1 where the window's first element wins, and (in windows of 3) where the second does; else 0. The last element wins the rest. */
interface Winners {
  readonly first: string;
  readonly second: string | undefined;
}

function winners(input: string, maxima: string, stage: Stage, lowering: Lowering): Winners {
  const { graph } = lowering;
  const largest = lowering.view(maxima, planeShape(stage));
  const number = (truth: string) => graph.add('Cast', [truth], { to: 1 });
  const equalsFirst = lowering.once(`${stage.key} equals first`, () =>
    graph.add('Equal', [plane(input, 0, stage, lowering), largest]),
  );
  const first = lowering.once(`${stage.key} first wins`, () => number(equalsFirst));
  if (stage.window === 2) return { first, second: undefined };
  const second = lowering.once(`${stage.key} second wins`, () => {
    const equalsSecond = graph.add('Equal', [plane(input, 1, stage, lowering), largest]);
    return number(graph.add('And', [equalsSecond, graph.add('Not', [equalsFirst])]));
  });
  return { first, second };
}

/** Adds each window's number at its winner: [outer, length, chunk] → pairs of chunks. */
function scatter(g: string, { first, second }: Winners, stage: Stage, lowering: Lowering): string {
  const { graph } = lowering;
  const toFirst = graph.add('Mul', [g, first]);
  const rest = graph.add('Sub', [g, toFirst]);
  let [even, odd] = [toFirst, rest];
  if (second !== undefined) {
    odd = graph.add('Mul', [g, second]);
    even = graph.add('Add', [toFirst, shifted(graph.add('Sub', [rest, odd]), 1, stage, lowering)]);
  }
  const pairOf = (name: string) => lowering.view(name, [stage.outer, stage.length, 1, stage.chunk]);
  return graph.add('Concat', [pairOf(even), pairOf(odd)], { axis: 2 });
}

/** Reads each window's winner: pairs of chunks → [outer, length, chunk]. */
function gather(v: string, { first, second }: Winners, stage: Stage, lowering: Lowering): string {
  const { graph } = lowering;
  const [even, odd] = [plane(v, 0, stage, lowering), plane(v, 1, stage, lowering)];
  // last + (even − last) · first + (odd − last) · second would round; sums of exact products do not.
  const chosen = graph.add('Mul', [even, first]);
  const notFirst = graph.add('Sub', [graph.scalar(1), first]);
  if (second === undefined) return graph.add('Add', [chosen, graph.add('Mul', [odd, notFirst])]);
  const last = graph.add('Mul', [shifted(even, -1, stage, lowering), graph.add('Sub', [notFirst, second])]);
  return graph.add('Sum', [chosen, graph.add('Mul', [odd, second]), last]);
}

function allWinners(x: Tensor, geometry: PoolingGeometry, lowering: Lowering) {
  const { along, across } = stagesOf(x, geometry, lowering);
  const maxima = rowMaxima(x, geometry, lowering);
  return {
    along,
    across,
    alongWinners: winners(lowering.value(x, 'blocked'), maxima, along, lowering),
    acrossWinners: winners(maxima, pooledInStages(x, geometry, lowering), across, lowering),
  };
}
