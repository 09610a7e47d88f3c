import {
  geometryOf,
  inputOf,
  type PoolingGeometry,
  poolingGeometryOf,
  sizeOf,
  type Tensor,
} from '../../../tensor/index.js';
import type { Lowering } from '../lowering.js';
import { emitConvolutionPhase } from './convolution.js';
import { isBias } from './is-bias.js';
import { type Phase, strideOne, usesShiftedImages } from './shifted-images.js';

/**
 * Max pooling of 2×2 windows with stride 2 on the ReLU of a convolution of few channels. Such a convolution costs less than
 * one pass over its result, so it is computed as four convolutions with stride 2, one for each position in the window; the
 * image itself never exists. Pooling, its places and its gradient are then elementwise operations on four small planes.
 */

/** The positions of a window in row-major order. */
const PHASES: readonly Phase[] = [
  { row: 0, column: 0 },
  { row: 0, column: 1 },
  { row: 1, column: 0 },
  { row: 1, column: 1 },
];

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
  const [, channels = 0] = inputOf(convolution, 0).shape;
  return (
    strideOne(convolution) &&
    padding.every((p) => p > 0) &&
    channels < lowering.options.blockSize &&
    lowering.blocks(convolution.shape)
  );
}

function isHalving({ window, stride, padding }: PoolingGeometry, [, , height = 1, width = 1]: readonly number[]) {
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
  const [a = '', b = '', c = '', d = ''] = planes;
  return lowering.once(`phased pooling of ${x.id}`, () =>
    graph.add('Max', [graph.add('Max', [a, b]), graph.add('Max', [c, d])]),
  );
}

/** For each position, 1 in the windows whose first maximum it holds, else 0. */
function winnersOf(x: Tensor, planes: readonly string[], lowering: Lowering): string[] {
  const { graph } = lowering;
  const pooled = pooledOf(x, planes, lowering);
  const truth = (key: string, emit: () => string) => lowering.once(`${key} of the phases of ${x.id}`, emit);
  const [a, b, c] = planes.map((plane, index) =>
    truth(`${index} is largest`, () => graph.add('Equal', [plane, pooled])),
  );
  const [largestA = '', largestB = '', largestC = ''] = [a, b, c];
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

/** maxPool2d(x), blocked; `undefined` where it is not computed by phases. */
export function emitPhasedPooling(x: Tensor, lowering: Lowering): string | undefined {
  const affine = phasedConvolution(x, lowering);
  return affine && pooledOf(x, planesOf(x, affine, true, lowering), lowering);
}

/** maxPoolGather(x, v), blocked; `undefined` where it is not computed by phases. */
export function emitPhasedGather(x: Tensor, v: Tensor, lowering: Lowering): string | undefined {
  const affine = phasedConvolution(x, lowering);
  const tangent = affineOf(v, lowering);
  if (affine === undefined || tangent === undefined) return undefined;
  const winners = winnersOf(x, planesOf(x, affine, true, lowering), lowering);
  const values = planesOf(v, tangent, false, lowering);
  const { graph } = lowering;
  return graph.add(
    'Sum',
    winners.map((winner, index) => graph.add('Mul', [winner, values[index] ?? ''])),
  );
}

/** The four phases of maxPoolScatter(x, g), blocked; `undefined` where it is not computed by phases. */
export function emitPhasedScatter(node: Tensor, lowering: Lowering): { phase: Phase; plane: string }[] | undefined {
  if (node.operation.name !== 'maxPoolScatter') return undefined;
  const x = inputOf(node, 0);
  const affine = phasedConvolution(x, lowering);
  if (affine === undefined) return undefined;
  const g = lowering.input(node, 1, 'blocked');
  const winners = winnersOf(x, planesOf(x, affine, true, lowering), lowering);
  return PHASES.map((phase, index) => ({ phase, plane: lowering.graph.add('Mul', [g, winners[index] ?? '']) }));
}
