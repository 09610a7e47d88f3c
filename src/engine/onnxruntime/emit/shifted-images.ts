import { at, exactly } from '../../../expect.js';
import { geometryOf, inputOf, type Tensor } from '../../../tensor/index.js';
import type { Lowering } from '../lowering.js';

/** Kernels of at most this many numbers per filter are cheaper as a product with the shifted images. */
const fewTaps = 32;

/** Whether a weight gradient is computed as a product of the output gradients with the shifted images. */
export function usesShiftedImages(node: Tensor): boolean {
  if (node.operation.name !== 'conv2dWeightGradient') return false;
  const [, c, kh, kw] = exactly(node.shape, 4);
  return strideOne(node) && c * kh * kw <= fewTaps;
}

/** Whether a convolution or its weight gradient moves by single pixels. */
export function strideOne(node: Tensor): boolean {
  const { stride } = geometryOf(node);
  return stride[0] === 1 && stride[1] === 1;
}

/** One of the four quarters of an image's positions: the even or the odd rows, and of these the even or the odd columns. */
export interface Phase {
  readonly row: 0 | 1;
  readonly column: 0 | 1;
}

/**
 * The kh·kw shifted images of a weight gradient, [n, c·kh·kw, h'w']: what each tap of the kernel sees of the convolution's
 * input. With a phase, what it sees at a quarter of the output's positions, [n, c·kh·kw, h'w'/4].
 */
export function shiftedImages(node: Tensor, phase: Phase | undefined, lowering: Lowering): string {
  const { graph } = lowering;
  const [x, g] = [inputOf(node, 0), inputOf(node, 1)];
  const [n, c] = exactly(x.shape, 4);
  const [, , kh, kw] = exactly(node.shape, 4);
  const step = phase === undefined ? 1 : 2;
  const [rows, columns] = [at(g.shape, 2) / step, at(g.shape, 3) / step];
  const { padding } = geometryOf(node);
  const padded = paddedImages(x, padding, lowering);
  const key = `shifted images of ${padded} for ${node.shape} by ${rows} ${columns} ${phase?.row} ${phase?.column}`;
  return lowering.once(key, () => {
    const shifts = Array.from({ length: kh * kw }, (_, tap) => {
      const top = Math.floor(tap / kw) + (phase?.row ?? 0);
      const left = (tap % kw) + (phase?.column ?? 0);
      const source = phase === undefined ? padded : everySecond(padded, x, padding, top % 2, left % 2, lowering);
      const [row, column] = [Math.floor(top / step), Math.floor(left / step)];
      const shifted = lowering.once(`${rows} × ${columns} of ${source} from ${row} ${column}`, () => {
        const bounds = [graph.integers([row, column]), graph.integers([row + rows, column + columns])];
        return graph.add('Slice', [source, ...bounds, graph.integers([2, 3])]);
      });
      return lowering.view(shifted, [n, c, 1, rows * columns]);
    });
    return lowering.view(graph.add('Concat', shifts, { axis: 2 }), [n, c * kh * kw, rows * columns]);
  });
}

function paddedImages(x: Tensor, padding: readonly number[], lowering: Lowering): string {
  const image = lowering.value(x);
  if (padding.every((p) => p === 0)) return image;
  const [top, left, bottom, right] = exactly(padding, 4);
  const { graph } = lowering;
  return lowering.once(`${image} padded by ${padding}`, () =>
    graph.add('Pad', [image, graph.integers([0, 0, top, left, 0, 0, bottom, right])]),
  );
}

/** Every second row and column of padded images. */
function everySecond(
  padded: string,
  x: Tensor,
  padding: readonly number[],
  row: number,
  column: number,
  lowering: Lowering,
): string {
  const [, , height, width] = exactly(x.shape, 4);
  const [top, left, bottom, right] = exactly(padding, 4);
  const { graph } = lowering;
  const cut = (image: string, first: number, length: number, axis: number) =>
    lowering.once(`every second of ${image} along ${axis} from ${first}`, () => {
      const positions = Array.from({ length: Math.ceil((length - first) / 2) }, (_, index) => first + 2 * index);
      return graph.add('Gather', [image, graph.integers(positions)], { axis });
    });
  return cut(cut(padded, row, height + top + bottom, 2), column, width + left + right, 3);
}
