import type { Tensor } from '../../../tensor/index.js';
import type { Emitter, Layout, Lowering } from '../lowering.js';
import * as convolution from './convolution.js';
import * as dense from './dense.js';
import * as elementwise from './elementwise.js';
import * as pooling from './pooling.js';
import * as structure from './structure.js';

/** How each operation is written into an ONNX graph. */
export const emitters: Readonly<Record<string, Emitter>> = {
  ...elementwise.emitters,
  ...structure.emitters,
  ...dense.emitters,
  ...convolution.emitters,
  ...pooling.emitters,
};

/** The layout an operation's result comes in, for operations whose results are not always plain. */
export const naturalLayouts: Readonly<Record<string, (node: Tensor, lowering: Lowering) => Layout>> = {
  ...elementwise.naturalLayouts,
  ...convolution.naturalLayouts,
  ...pooling.naturalLayouts,
};
