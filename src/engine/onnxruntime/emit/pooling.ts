import { inputOf, type PoolingGeometry, poolingGeometryOf, sizeOf, type Tensor } from '../../../tensor/index.js';
import type { Emitter, Layout, Lowering } from '../lowering.js';
import { emitPhasedGather, emitPhasedPooling } from './phased-pooling.js';
import { emitPooled, emitSeparableGather, emitSeparableScatter, isSeparable } from './separable-pooling.js';
import { emitWindowGather, emitWindowScatter } from './window-pooling.js';

/** Blocked where the image is and its gradient can be, too. */
function poolingLayout(node: Tensor, lowering: Lowering): Layout {
  const x = inputOf(node, 0);
  const geometry = poolingGeometryOf(node);
  const separable = isSeparable(x, geometry) && !padsExplicitly(x, geometry);
  return lowering.naturalLayout(x) === 'blocked' && separable ? 'blocked' : 'plain';
}

/** Zero padding may be left to the operator (which pads with −∞) only where no element is negative. */
function neverNegative(x: Tensor): boolean {
  return x.operation.name === 'relu' || (x.operation.name === 'maxPool2d' && neverNegative(inputOf(x, 0)));
}

/** Whether padding must become part of the image, because it counts as an element of value 0. */
function padsExplicitly(x: Tensor, { padding }: PoolingGeometry): boolean {
  return padding.some((p) => p > 0) && !neverNegative(x);
}

/** Shape of the image that the pooling operator sees. */
function pooledOver(x: Tensor, geometry: PoolingGeometry): number[] {
  const [n = 1, c = 1, height = 1, width = 1] = x.shape;
  const [top, left, bottom, right] = padsExplicitly(x, geometry) ? geometry.padding : [0, 0, 0, 0];
  return [n, c, height + top + bottom, width + left + right];
}

/**
 * An image of x's shape as the pooling operator sees it. The axes are named because ONNX Runtime merges a Pad without them
 * into the MaxPool, which pads with −∞ instead of 0.
 */
function padded(image: string, x: Tensor, geometry: PoolingGeometry, { graph }: Lowering): string {
  return padsExplicitly(x, geometry)
    ? graph.add('Pad', [image, graph.integers(geometry.padding), '', graph.integers([2, 3])])
    : image;
}

function attributesOf(x: Tensor, geometry: PoolingGeometry) {
  const pads = padsExplicitly(x, geometry) ? [0, 0, 0, 0] : geometry.padding;
  return { kernel_shape: geometry.window, strides: geometry.stride, pads };
}

/** Names of the pooled image and of the selected places (flat indices into `pooledOver`), from one operator. */
function indexedPooling(x: Tensor, geometry: PoolingGeometry, lowering: Lowering) {
  const { graph } = lowering;
  const key = `pooling of ${x.id} ${JSON.stringify(geometry)}`;
  const pooled = lowering.once(key, () => {
    const image = padded(lowering.value(x), x, geometry, lowering);
    const [values = '', places = ''] = graph.add('MaxPool', [image], attributesOf(x, geometry), '', 2);
    // A window of NaNs selects nothing and gets a negative index: clamp it, the loss reports the NaN itself.
    lowering.once(`${key} places`, () => graph.add('Max', [lowering.view(places, [-1]), graph.integers([0])]));
    return values;
  });
  return { pooled, places: lowering.once(`${key} places`, () => '') };
}

/** Whether some operation needs the places that the pooling selects. */
function needsPlaces(node: Tensor, lowering: Lowering): boolean {
  const users = lowering.consumersOf(inputOf(node, 0));
  return users.some(
    ({ operation, inputs }) => /^maxPool(Scatter|Gather)$/.test(operation.name) && inputs[0] === node.inputs[0],
  );
}

function emitPooling(node: Tensor, lowering: Lowering): string {
  const x = inputOf(node, 0);
  const geometry = poolingGeometryOf(node);
  // MaxPool itself may drop NaN there.
  if (lowering.options.webgpu) return emitWindowGather(x, lowering.value(x), geometry, node.shape, lowering);
  const phased = emitPhasedPooling(x, lowering);
  if (phased !== undefined) return phased;
  if (poolingLayout(node, lowering) === 'blocked') {
    if (needsPlaces(node, lowering)) return emitPooled(x, geometry, lowering);
    const image = lowering.value(x, 'blocked');
    return lowering.graph.add('MaxPool', [image], attributesOf(x, geometry), 'com.microsoft.nchwc');
  }
  if (needsPlaces(node, lowering)) return indexedPooling(x, geometry, lowering).pooled;
  return lowering.graph.add('MaxPool', [padded(lowering.value(x), x, geometry, lowering)], attributesOf(x, geometry));
}

function emitScatter(node: Tensor, lowering: Lowering): string {
  const { graph } = lowering;
  const [x, g] = [inputOf(node, 0), inputOf(node, 1)];
  const geometry = poolingGeometryOf(node);
  if (poolingLayout(node, lowering) === 'blocked') {
    return emitSeparableScatter(x, lowering.value(g, 'blocked'), geometry, lowering);
  }
  if (lowering.options.webgpu) return emitWindowScatter(x, g, geometry, lowering);
  const { places } = indexedPooling(x, geometry, lowering);
  const shape = pooledOver(x, geometry);
  const empty = graph.add('ConstantOfShape', [graph.integers([sizeOf(shape)])]);
  const updates = lowering.view(lowering.value(g), [-1]);
  const scattered = graph.add('ScatterElements', [empty, places, updates], { axis: 0, reduction: 'add' });
  const image = lowering.view(scattered, shape);
  if (!padsExplicitly(x, geometry)) return image;
  const [top, left] = geometry.padding;
  const [, , height = 1, width = 1] = node.shape;
  const bounds = [graph.integers([top, left]), graph.integers([top + height, left + width])];
  return graph.add('Slice', [image, ...bounds, graph.integers([2, 3])]);
}

function emitGather(node: Tensor, lowering: Lowering): string {
  const { graph } = lowering;
  const [x, v] = [inputOf(node, 0), inputOf(node, 1)];
  const geometry = poolingGeometryOf(node);
  const phased = emitPhasedGather(x, v, lowering);
  if (phased !== undefined) return phased;
  if (poolingLayout(node, lowering) === 'blocked') {
    return emitSeparableGather(x, lowering.value(v, 'blocked'), geometry, node.shape, lowering);
  }
  if (lowering.options.webgpu) return emitWindowGather(x, lowering.value(v), geometry, node.shape, lowering);
  const { places } = indexedPooling(x, geometry, lowering);
  const image = padded(lowering.value(v), x, geometry, lowering);
  const taken = graph.add('GatherElements', [lowering.view(image, [-1]), places], { axis: 0 });
  return lowering.view(taken, node.shape);
}

export const emitters: Record<string, Emitter> = {
  maxPool2d: emitPooling,
  maxPoolScatter: emitScatter,
  maxPoolGather: emitGather,
};

export const naturalLayouts: Record<string, (node: Tensor, lowering: Lowering) => Layout> = {
  maxPool2d: poolingLayout,
  maxPoolScatter: poolingLayout,
  maxPoolGather: poolingLayout,
};
