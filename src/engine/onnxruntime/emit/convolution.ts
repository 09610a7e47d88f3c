import { at, exactly } from '../../../expect.js';
import { geometryOf, inputOf, type Shape, type Tensor } from '../../../tensor/index.js';
import type { OnnxAttributes } from '../graph.js';
import type { Emitter, Layout, Lowering } from '../lowering.js';
import type { Phase } from './shifted-images.js';

/** What a convolution does to its sums before writing them. */
export interface Epilogue {
  /** Name of a bias vector, one number per filter. */
  readonly bias?: string;
  /** Name of a blocked image of the result's shape that is added; for blocked convolutions only. */
  readonly sum?: string;
  /** Whether negative sums become 0. */
  readonly relu?: boolean;
}

function convolutionLayout(node: Tensor, lowering: Lowering): Layout {
  const x = inputOf(node, 0);
  const small = at(x.shape, 1) < lowering.options.blockSize;
  return lowering.blocks(node.shape) && (small || lowering.blocks(x.shape)) ? 'blocked' : 'plain';
}

/** The input gradient is a convolution too, for stride 1 and padding smaller than the kernel. */
function inputGradientLayout(node: Tensor, lowering: Lowering): Layout {
  const [g, w] = [inputOf(node, 0), inputOf(node, 1)];
  const { stride, padding } = geometryOf(node);
  const [, , kernelHeight, kernelWidth] = exactly(w.shape, 4);
  const flips =
    stride[0] === 1 && stride[1] === 1 && padding.every((p, side) => p < (side % 2 === 0 ? kernelHeight : kernelWidth));
  return flips && lowering.blocks(node.shape) && lowering.blocks(g.shape) ? 'blocked' : 'plain';
}

/** Kernel [o, c, kh, kw] in the order of the blocked convolution: (o/B, c/B, kh, kw, B of c, B of o). */
function blockedFilter(name: string, [o = 1, c = 1, kh = 1, kw = 1]: Shape, lowering: Lowering): string {
  const b = lowering.options.blockSize;
  if (c < b) {
    const view = lowering.view(name, [o / b, b, c, kh, kw]);
    return lowering.view(lowering.transpose(view, [0, 2, 3, 4, 1]), [o, c, kh, kw]);
  }
  const view = lowering.view(name, [o / b, b, c / b, b, kh, kw]);
  return lowering.view(lowering.transpose(view, [0, 2, 4, 5, 3, 1]), [o, c, kh, kw]);
}

/** The kernel reversed in space with filters and channels swapped, blocked: what the input gradient convolves with. */
function blockedFlippedFilter(name: string, [o = 1, c = 1, kh = 1, kw = 1]: Shape, lowering: Lowering): string {
  const b = lowering.options.blockSize;
  const positions = Array.from({ length: kh * kw }, (_, index) => kh * kw - 1 - index);
  const rows = lowering.view(name, [o * c, kh * kw]);
  const reversed = lowering.graph.add('Gather', [rows, lowering.graph.integers(positions)], { axis: 1 });
  const view = lowering.view(reversed, [o / b, b, c / b, b, kh, kw]);
  return lowering.view(lowering.transpose(view, [2, 0, 4, 5, 1, 3]), [c, o, kh, kw]);
}

/** Writes a convolution with its epilogue; the result has the layout of `convolutionLayout`. */
export function emitConvolution(node: Tensor, lowering: Lowering, epilogue: Epilogue): string {
  const { stride, padding } = geometryOf(node);
  const [x, w] = [inputOf(node, 0), inputOf(node, 1)];
  const attributes = { strides: stride, pads: padding, kernel_shape: w.shape.slice(2) };
  const { bias } = epilogue;
  if (convolutionLayout(node, lowering) === 'plain') {
    const inputs = [lowering.value(x), lowering.value(w), ...(bias === undefined ? [] : [bias])];
    const name = lowering.graph.add('Conv', inputs, attributes);
    return epilogue.relu ? lowering.graph.add('Relu', [name]) : name;
  }
  return blockedConvolution(blockedInputs(node, lowering), attributes, epilogue, lowering);
}

function blockedInputs(node: Tensor, lowering: Lowering): string[] {
  const [x, w] = [inputOf(node, 0), inputOf(node, 1)];
  const image = lowering.value(x, lowering.blocks(x.shape) ? 'blocked' : 'plain');
  const filter = lowering.once(`filter of ${w.id}`, () => blockedFilter(lowering.value(w), w.shape, lowering));
  return [image, filter];
}

/** Every second row and column of a blocked convolution with stride 1, from the phase's on; its padding is at least 1. */
export function emitConvolutionPhase(node: Tensor, phase: Phase, lowering: Lowering, epilogue: Epilogue): string {
  const [top, left, bottom, right] = geometryOf(node).padding;
  const attributes = {
    strides: [2, 2],
    pads: [top - phase.row, left - phase.column, bottom - 1 + phase.row, right - 1 + phase.column],
    kernel_shape: inputOf(node, 1).shape.slice(2),
  };
  return blockedConvolution(blockedInputs(node, lowering), attributes, epilogue, lowering);
}

function blockedConvolution(
  inputs: readonly string[],
  attributes: OnnxAttributes,
  { bias, sum, relu }: Epilogue,
  { graph }: Lowering,
): string {
  const optional = sum === undefined ? (bias === undefined ? [] : [bias]) : [bias ?? '', sum];
  const all = relu ? { ...attributes, activation: 'Relu' } : attributes;
  return graph.add('Conv', [...inputs, ...optional], all, 'com.microsoft.nchwc');
}

/** Writes an input gradient; an epilogue only where its layout is blocked. */
export function emitInputGradient(node: Tensor, lowering: Lowering, epilogue: Epilogue = {}): string {
  const { stride, padding } = geometryOf(node);
  const [g, w] = [inputOf(node, 0), inputOf(node, 1)];
  const [, , kh, kw] = exactly(w.shape, 4);
  if (inputGradientLayout(node, lowering) === 'blocked') {
    const key = `flipped filter of ${w.id}`;
    const filter = lowering.once(key, () => blockedFlippedFilter(lowering.value(w), w.shape, lowering));
    const [top, left, bottom, right] = padding;
    const pads = [kh - 1 - top, kw - 1 - left, kh - 1 - bottom, kw - 1 - right];
    const attributes = { pads, kernel_shape: [kh, kw], strides: [1, 1] };
    return blockedConvolution([lowering.value(g, 'blocked'), filter], attributes, epilogue, lowering);
  }
  const [, , rows, columns] = exactly(g.shape, 4);
  const [, , height, width] = exactly(node.shape, 4);
  const uncovered = [
    height - ((rows - 1) * stride[0] + kh - padding[0] - padding[2]),
    width - ((columns - 1) * stride[1] + kw - padding[1] - padding[3]),
  ];
  return lowering.graph.add('ConvTranspose', [lowering.value(g), lowering.value(w)], {
    strides: stride,
    pads: padding,
    kernel_shape: [kh, kw],
    output_padding: uncovered,
  });
}

export const emitters: Record<string, Emitter> = {
  conv2d: (node, lowering) => emitConvolution(node, lowering, {}),
  conv2dInputGradient: (node, lowering) => emitInputGradient(node, lowering),
};

export const naturalLayouts: Record<string, (node: Tensor, lowering: Lowering) => Layout> = {
  conv2d: convolutionLayout,
  conv2dInputGradient: inputGradientLayout,
};
