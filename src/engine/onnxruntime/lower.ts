import type { Program } from '../../tensor/index.js';
import * as convolution from './emit/convolution.js';
import * as dense from './emit/dense.js';
import * as elementwise from './emit/elementwise.js';
import * as pooling from './emit/pooling/pooling.js';
import * as structure from './emit/structure.js';
import * as weightGradient from './emit/weight-gradient.js';
import type { OnnxGraph } from './graph.js';
import { type EmitterTable, Lowering, type LoweringOptions } from './lowering.js';

const table: EmitterTable = {
  emitters: {
    ...elementwise.emitters,
    ...structure.emitters,
    ...dense.emitters,
    ...convolution.emitters,
    ...weightGradient.emitters,
    ...pooling.emitters,
  },
  naturalLayouts: {
    ...elementwise.naturalLayouts,
    ...convolution.naturalLayouts,
    ...pooling.naturalLayouts,
  },
};

/** Writes a program as one ONNX graph. */
export function lower(program: Program, options: LoweringOptions): OnnxGraph {
  return new Lowering(program, options, table).graph;
}
