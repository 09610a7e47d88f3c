import { exactly } from '../../expect.js';
import * as ops from '../../tensor/index.js';
import type { Layer } from '../scope.js';
import { channelsOf } from './convolution.js';

/**
 * Which place of the old image a new pixel takes its value from. `pixel centres`: centres keep their relative places, and
 * beyond the outermost ones the border continues (PyTorch with align_corners=false). `aligned corners`: the corner pixels keep
 * theirs (PyTorch's UpsamplingBilinear2d). `top left`: new pixel i takes place i · old / new (TensorFlow 1's resize_images).
 */
export type ResizeSampling = 'pixel centres' | 'aligned corners' | 'top left';

/** How an image is resized. */
export interface ResizeOptions {
  readonly rows: number;
  readonly columns: number;
  /** Default `pixel centres`. */
  readonly sampling?: ResizeSampling;
}

/** Bilinear resizing of images [n, channels, rows, columns]: one matrix for rows and one for columns. */
export function resizeBilinear({ rows, columns, sampling = 'pixel centres' }: ResizeOptions): Layer {
  return (scope, x) => {
    const own = scope.next('resize');
    const channels = channelsOf('resizeBilinear', x);
    const [n, , height, width] = exactly(x.shape, 4);
    const down = own.constant('rows', [rows, height], interpolation(rows, height, sampling));
    const across = own.constant('columns', [columns, width], interpolation(columns, width, sampling));
    const wide = ops.matmul(ops.reshape(x, [n * channels * height, width]), across, { transposeB: true });
    const turned = ops.transpose(ops.reshape(wide, [n * channels, height, columns]), [0, 2, 1]);
    const tall = ops.matmul(ops.reshape(turned, [n * channels * columns, height]), down, { transposeB: true });
    return ops.reshape(ops.transpose(ops.reshape(tall, [n * channels, columns, rows]), [0, 2, 1]), [
      n,
      channels,
      rows,
      columns,
    ]);
  };
}

/** Where in the old axis the i-th new pixel lies. */
function placeOf(i: number, to: number, from: number, sampling: ResizeSampling): number {
  if (sampling === 'aligned corners') return to === 1 ? 0 : (i * (from - 1)) / (to - 1);
  if (sampling === 'top left') return (i * from) / to;
  return Math.max(((i + 0.5) * from) / to - 0.5, 0);
}

/** The matrix [to, from] whose row i has the weights of the two pixels around the place of the i-th new one. */
function interpolation(to: number, from: number, sampling: ResizeSampling): () => Float32Array {
  return () => {
    const matrix = new Float32Array(to * from);
    for (let i = 0; i < to; i++) {
      const place = placeOf(i, to, from, sampling);
      const before = Math.min(Math.floor(place), from - 1);
      const after = Math.min(before + 1, from - 1);
      const share = place - before;
      matrix[i * from + before] = (matrix[i * from + before] as number) + 1 - share;
      matrix[i * from + after] = (matrix[i * from + after] as number) + share;
    }
    return matrix;
  };
}
