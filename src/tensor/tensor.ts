import { ShapeError } from '../errors.js';

/** Element types of a symbolic tensor. `float` is the engine's floating-point type: float32 in production, float64 in the test oracle. */
export type DType = 'float' | 'int' | 'bool';

/** Lengths of the axes, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** Attributes of an operation: plain data, so that a program can be printed, hashed and sent elsewhere. */
export type Attributes = Readonly<Record<string, number | string | boolean | readonly number[]>>;

/** Computes a contribution to an input's gradient on demand; `null` where the derivative is zero everywhere it exists. */
export type Contribution = (() => Tensor) | null;

/** What an operation is: its name and its derivative. Shape rules are checked by the function that applies it. */
export interface Operation {
  readonly name: string;
  /**
   * Vector-Jacobian product: for each input, the thunk that builds the gradient with respect to it from the gradient
   * with respect to the node. Written in ordinary operations, so that it can be differentiated again.
   */
  derivative(node: Tensor, gradient: Tensor): readonly Contribution[];
}

/** An immutable node of a computation: an operation applied to other tensors. Knows its shape and type, never its values. */
export interface Tensor {
  /** Grows with creation, so that ascending order is a topological order. */
  readonly id: number;
  readonly operation: Operation;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** What the functions of this folder accept: a tensor, or a number that stands for a constant scalar. */
export type Operand = Tensor | number;

let nextId = 0;

/** Told of each node that is made; null where nobody looks (origins.ts). */
let observer: ((node: Tensor) => void) | null = null;

/** Calls `body`, and `see` with each node that is made meanwhile. */
export function observeTensors<T>(see: (node: Tensor) => void, body: () => T): T {
  const before = observer;
  observer = (node) => {
    before?.(node);
    see(node);
  };
  try {
    return body();
  } finally {
    observer = before;
  }
}

/** What JavaScript asks of a tensor in its own arithmetic. Without it `Math.sign(tensor)` would silently be NaN. */
const asPrimitive = {
  [Symbol.toPrimitive](this: Tensor, hint: string): string {
    if (hint === 'string') return `tensor [${this.shape.join(', ')}]`;
    throw new ShapeError({
      what: "a tensor stands where a number is expected; Math.… and JavaScript's operators know no tensors",
      remedy: 'use tensor.sign(x), tensor.multiply(x, 2), …',
    });
  },
};

/** Makes a node. For the files of `operations/` only: they check first that the shapes fit. */
export function createTensor(
  operation: Operation,
  inputs: readonly Tensor[],
  attributes: Attributes,
  shape: Shape,
  dtype: DType,
): Tensor {
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0)) {
    throw new ShapeError({
      subject: operation.name,
      found: `the shape [${shape.join(', ')}]`,
      expected: 'integers from 0 on',
    });
  }
  const fields = { id: nextId++, operation, inputs, attributes, shape: [...shape], dtype };
  const node: Tensor = Object.assign(Object.create(asPrimitive) as object, fields);
  observer?.(node);
  return node;
}

/** The same operation on other inputs of the same shapes and types; for rewriting programs. */
export function withInputs(node: Tensor, inputs: readonly Tensor[]): Tensor {
  return createTensor(node.operation, inputs, node.attributes, node.shape, node.dtype);
}

/** Number of elements of a shape. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}
