import type { Program } from '../../tensor/index.js';
import * as convolution from './emit/convolution.js';
import * as dense from './emit/dense.js';
import * as elementwise from './emit/elementwise.js';
import * as pooling from './emit/pooling.js';
import * as structure from './emit/structure.js';
import { type EmitterTable, Lowering, type LoweringOptions } from './lowering.js';
import type { Plan } from './plan.js';

const table: EmitterTable = {
  emitters: {
    ...elementwise.emitters,
    ...structure.emitters,
    ...dense.emitters,
    ...convolution.emitters,
    ...pooling.emitters,
  },
  naturalLayouts: {
    ...elementwise.naturalLayouts,
    ...structure.naturalLayouts,
    ...convolution.naturalLayouts,
    ...pooling.naturalLayouts,
  },
};

/** Writes a program as calls of TensorFlow.js' kernels. */
export function lower(program: Program, options: LoweringOptions): Plan {
  return new Lowering(program, options, table).plan;
}
