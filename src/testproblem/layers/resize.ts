import * as ops from '../../tensor/index.js';
import type { Layer } from '../scope.js';
import { channelsOf } from './convolution.js';

/**
 * Bilinear resizing of images [n, channels, rows, columns], as PyTorch with align_corners=false: pixel centres keep their
 * relative places, and beyond the outermost centres the border pixels continue. One matrix for rows and one for columns.
 */
export function resizeBilinear({ rows, columns }: { readonly rows: number; readonly columns: number }): Layer {
  return (scope, x) => {
    const own = scope.next('resize');
    const channels = channelsOf('resizeBilinear', x);
    const [n = 0, , height = 0, width = 0] = x.shape;
    const down = own.constant('rows', [rows, height], interpolation(rows, height));
    const across = own.constant('columns', [columns, width], interpolation(columns, width));
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

/** The matrix [to, from] whose row i has the weights of the two pixels around the centre of the i-th new one. */
function interpolation(to: number, from: number): () => Float32Array {
  return () => {
    const matrix = new Float32Array(to * from);
    for (let i = 0; i < to; i++) {
      const place = Math.max(((i + 0.5) * from) / to - 0.5, 0);
      const before = Math.min(Math.floor(place), from - 1);
      const after = Math.min(before + 1, from - 1);
      const share = place - before;
      matrix[i * from + before] = (matrix[i * from + before] ?? 0) + 1 - share;
      matrix[i * from + after] = (matrix[i * from + after] ?? 0) + share;
    }
    return matrix;
  };
}
