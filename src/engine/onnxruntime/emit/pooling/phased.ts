import { at, exactly, present } from '../../../../expect.js';
import {
  geometryOf,
  inputOf,
  type PoolingGeometry,
  poolingGeometryOf,
  type Shape,
  sizeOf,
  type Tensor,
} from '../../../../tensor/index.js';
import type { Lowering } from '../../lowering.js';
import { emitConvolutionPhase } from '../convolution.js';
import { isBias } from '../is-bias.js';
import { type Phase, strideOne, usesShiftedImages } from '../shifted-images.js';
import type { PoolingWay } from './way.js';

/** The positions of a window in row-major order. */
const PHASES: readonly Phase[] = [
  { row: 0, column: 0 },
  { row: 0, column: 1 },
  { row: 1, column: 0 },
  { row: 1, column: 1 },
];

/**
 * Max pooling of 2×2 windows with stride 2 on the ReLU of a convolution of few channels. Such a convolution costs less than
 * one pass over its result, so it is computed as four convolutions with stride 2, one for each position in the window; the
 * image itself never exists. Pooling, its places and its gradient are then elementwise operations on four small planes.
 */
export const phasedPooling: PoolingWay = (x, _, lowering) => {
  const affine = phasedConvolution(x, lowering);
  if (affine === undefined) return undefined;
  const { graph } = lowering;
  const planes = () => planesOf(x, affine, true, lowering);
  return {
    layout: 'blocked',
    pooled: () => pooledOf(x, planes(), lowering),
    gather: (node) => {
      const v = inputOf(node, 1);
      const winners = winnersOf(x, planes(), lowering);
      const values = planesOf(v, present(affineOf(v, lowering), 'the convolution of the tangent'), false, lowering);
      return graph.add(
        'Sum',
        winners.map((winner, index) => graph.add('Mul', [winner, at(values, index)])),
      );
    },
    scatter: () => {
      // Nothing but weight gradients needs it, or the pooling would not be phased.
      throw new TypeError('a phased pooling: its gradient was asked for as a whole');
    },
    scatteredPhases: (node) => {
      const g = lowering.input(node, 1, 'blocked');
      const winners = winnersOf(x, planes(), lowering);
      return PHASES.map((phase, index) => ({ phase, plane: graph.add('Mul', [g, at(winners, index)]) }));
    },
  };
};

/** A convolution and the bias that is added to it. */
interface Affine {
  readonly convolution: Tensor;
  readonly bias: Tensor | undefined;
}

/** A convolution, with or without a bias, that nothing else needs and whose input is small and padded on all sides. */
function affineOf(node: Tensor, lowering: Lowering): Affine | undefined {
  const convolution = node.inputs.find((term) => term.operation.name === 'conv2d');
  const bias = node.inputs.find((term) => term !== convolution && isBias(term, node));
  const sum = node.operation.name === 'add' && convolution !== undefined && bias !== undefined;
  if (sum && lowering.usedOnce(node) && lowering.usedOnce(convolution) && hasPhases(convolution, lowering)) {
    return { convolution, bias };
  }
  const alone = node.operation.name === 'conv2d' && lowering.usedOnce(node) && hasPhases(node, lowering);
  return alone ? { convolution: node, bias: undefined } : undefined;
}

function hasPhases(convolution: Tensor, lowering: Lowering): boolean {
  const { padding } = geometryOf(convolution);
  const [, channels] = exactly(inputOf(convolution, 0).shape, 4);
  return (
    strideOne(convolution) &&
    padding.every((p) => p > 0) &&
    channels < lowering.options.blockSize &&
    lowering.blocks(convolution.shape)
  );
}

function isHalving({ window, stride, padding }: PoolingGeometry, shape: Shape): boolean {
  const [, , height, width] = exactly(shape, 4);
  const two = [...window, ...stride].every((length) => length === 2);
  return two && padding.every((p) => p === 0) && height % 2 === 0 && width % 2 === 0;
}

/** The convolution below a pooled image when everything that needs the image can do with its phases. */
function phasedConvolution(x: Tensor, lowering: Lowering): Affine | undefined {
  if (!lowering.options.phasedPooling || x.operation.name !== 'relu') return undefined;
  const affine = affineOf(inputOf(x, 0), lowering);
  if (affine === undefined) return undefined;
  const fits = (user: Tensor) => {
    if (user.inputs[0] !== x || !/^maxPool/.test(user.operation.name)) return false;
    if (!isHalving(poolingGeometryOf(user), x.shape)) return false;
    if (user.operation.name === 'maxPoolScatter') {
      return lowering.onlyUsedBy(user, (gradient) => usesShiftedImages(gradient) && gradient.inputs[1] === user);
    }
    return user.operation.name !== 'maxPoolGather' || affineOf(inputOf(user, 1), lowering) !== undefined;
  };
  const places = lowering.consumersOf(x).some(({ operation }) => operation.name !== 'maxPool2d');
  return places && lowering.onlyUsedBy(x, fits) ? affine : undefined;
}

/** The image at each position of the windows, blocked [n, c, h/2, w/2]. */
function planesOf(image: Tensor, { convolution, bias }: Affine, relu: boolean, lowering: Lowering): string[] {
  const name = bias && lowering.view(lowering.value(bias), [sizeOf(bias.shape)]);
  const epilogue = { relu, ...(name === undefined ? {} : { bias: name }) };
  return PHASES.map((phase) =>
    lowering.once(`phase ${phase.row} ${phase.column} of ${image.id}`, () =>
      emitConvolutionPhase(convolution, phase, lowering, epilogue),
    ),
  );
}

function pooledOf(x: Tensor, planes: readonly string[], lowering: Lowering): string {
  const { graph } = lowering;
  const [a, b, c, d] = exactly(planes, 4);
  return lowering.once(`phased pooling of ${x.id}`, () =>
    graph.add('Max', [graph.add('Max', [a, b]), graph.add('Max', [c, d])]),
  );
}

/** For each position, 1 in the windows whose first maximum it holds, else 0. */
function winnersOf(x: Tensor, planes: readonly string[], lowering: Lowering): string[] {
  const { graph } = lowering;
  const pooled = pooledOf(x, planes, lowering);
  const truth = (key: string, emit: () => string) => lowering.once(`${key} of the phases of ${x.id}`, emit);
  const largest = planes.map((plane, index) => truth(`${index} is largest`, () => graph.add('Equal', [plane, pooled])));
  const [largestA, largestB, largestC] = exactly(largest, 4);
  const top = truth('top row holds it', () => graph.add('Or', [largestA, largestB]));
  const three = truth('last does not hold it', () => graph.add('Or', [top, largestC]));
  const wins = [
    () => largestA,
    () => graph.add('And', [largestB, graph.add('Not', [largestA])]),
    () => graph.add('And', [largestC, graph.add('Not', [top])]),
    () => graph.add('Not', [three]),
  ];
  return wins.map((win, index) => truth(`${index} wins`, () => graph.add('Cast', [win()], { to: 1 })));
}
