import { type OnnxAttributes, OnnxGraph } from './graph.js';

/** Writes one operator as others; returns the name of the result. */
type Expansion = (graph: WebgpuGraph, inputs: readonly string[], attributes: OnnxAttributes) => string;

/** x − max − log Σ exp(x − max) along axis 1. */
const logSoftmax: Expansion = (graph, [x = '']) => {
  const along = graph.integers([1]);
  const shifted = graph.add('Sub', [x, graph.add('ReduceMax', [x, along], { keepdims: 1 })]);
  const total = graph.add('ReduceSum', [graph.add('Exp', [shifted]), along], { keepdims: 1 });
  return graph.add('Sub', [shifted, graph.primitive('Log', [total])]);
};

/** The maximum with 0 that keeps NaN, which is not below 0. */
const relu: Expansion = (graph, [x = '']) => {
  const zero = graph.scalar(0);
  return graph.add('Where', [graph.add('Less', [x, zero]), zero, x]);
};

/** The logarithm; NaN for what is negative or NaN, of which the kernel makes numbers. */
const log: Expansion = (graph, [x = '']) => {
  const defined = graph.add('GreaterOrEqual', [x, graph.scalar(0)]);
  return graph.add('Where', [defined, graph.primitive('Log', [x]), graph.scalar(Number.NaN)]);
};

/** 1 / (1 + exp(−x)); NaN stays NaN. */
const sigmoid: Expansion = (graph, [x = '']) => {
  const defined = graph.add('GreaterOrEqual', [graph.add('Abs', [x]), graph.scalar(0)]);
  return graph.add('Where', [defined, graph.primitive('Sigmoid', [x]), x]);
};

/** A product of stacks of matrices [n, …, …], either of them transposed. */
const fusedMatMul: Expansion = (graph, inputs, { transA, transB }) => {
  const operands = inputs.map((name, index) =>
    (index === 0 ? transA : transB) === 1 ? graph.add('Transpose', [name], { perm: [0, 2, 1] }) : name,
  );
  return graph.add('MatMul', operands);
};

const sum: Expansion = (graph, [first = '', ...rest]) =>
  rest.reduce((total, term) => graph.add('Add', [total, term]), first);

/**
 * Operators for which ONNX Runtime 1.30 has no WebGPU kernel, so that they would run on the processor between two copies
 * (FusedMatMul, LogSoftmax, Sum), or whose kernel loses NaN, by which a diverged training is noticed (Log, Relu, Sigmoid).
 */
const expansions: Readonly<Record<string, Expansion>> = {
  FusedMatMul: fusedMatMul,
  Log: log,
  LogSoftmax: logSoftmax,
  Relu: relu,
  Sigmoid: sigmoid,
  Sum: sum,
};

/** What the processor computes all the same: ArgMax gives 64-bit integers, which WebGPU cannot convert; accuracies need it. */
export const operatorsOnProcessor: readonly string[] = ['Cast'];

/** A graph of operators that WebGPU computes by itself, but for `operatorsOnProcessor`. */
export class WebgpuGraph extends OnnxGraph {
  protected override write(...[operator, inputs, attributes, ...rest]: Parameters<OnnxGraph['write']>): string[] {
    const expand = expansions[operator];
    return expand === undefined
      ? super.write(operator, inputs, attributes, ...rest)
      : [expand(this, inputs, attributes)];
  }

  /** Adds the operator itself, whatever becomes of it otherwise. */
  primitive(operator: string, inputs: readonly string[]): string {
    const [name = ''] = super.write(operator, inputs, {}, '', 1);
    return name;
  }
}
