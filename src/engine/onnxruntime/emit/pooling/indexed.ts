import { at, exactly } from '../../../../expect.js';
import { inputOf, type PoolingGeometry, sizeOf, type Tensor } from '../../../../tensor/index.js';
import type { Lowering } from '../../lowering.js';
import { operatorAttributes, padsExplicitly } from './padding.js';
import { needsPlaces, type Pooling } from './way.js';

/**
 * Max pooling by the operator that also gives the selected places, as flat indices into the image that it sees. It covers every
 * image and window; its derivatives scatter and gather by index.
 */
export function indexedPooling(x: Tensor, geometry: PoolingGeometry, lowering: Lowering): Pooling {
  const { graph } = lowering;
  return {
    layout: 'plain',
    pooled: () =>
      needsPlaces(x, lowering)
        ? withPlaces(x, geometry, lowering).values
        : graph.add('MaxPool', [padded(lowering.value(x), x, geometry, lowering)], operatorAttributes(x, geometry)),
    scatter: (node) => {
      const { places } = withPlaces(x, geometry, lowering);
      const shape = pooledOver(x, geometry);
      const empty = graph.add('ConstantOfShape', [graph.integers([sizeOf(shape)])]);
      const updates = lowering.view(lowering.value(inputOf(node, 1)), [-1]);
      const scattered = graph.add('ScatterElements', [empty, places, updates], { axis: 0, reduction: 'add' });
      const image = lowering.view(scattered, shape);
      if (!padsExplicitly(x, geometry)) return image;
      const [top, left] = geometry.padding;
      const [, , height, width] = exactly(node.shape, 4);
      const bounds = [graph.integers([top, left]), graph.integers([top + height, left + width])];
      return graph.add('Slice', [image, ...bounds, graph.integers([2, 3])]);
    },
    gather: (node) => {
      const { places } = withPlaces(x, geometry, lowering);
      const image = padded(lowering.value(inputOf(node, 1)), x, geometry, lowering);
      const taken = graph.add('GatherElements', [lowering.view(image, [-1]), places], { axis: 0 });
      return lowering.view(taken, node.shape);
    },
  };
}

/** Shape of the image that the operator sees. */
function pooledOver(x: Tensor, geometry: PoolingGeometry): number[] {
  const [n, c, height, width] = exactly(x.shape, 4);
  const [top, left, bottom, right] = padsExplicitly(x, geometry) ? geometry.padding : [0, 0, 0, 0];
  return [n, c, height + top + bottom, width + left + right];
}

/**
 * An image of x's shape as the operator sees it. The axes are named because ONNX Runtime merges a Pad without them into the MaxPool,
 * which pads with −∞ instead of 0.
 */
function padded(image: string, x: Tensor, geometry: PoolingGeometry, { graph }: Lowering): string {
  return padsExplicitly(x, geometry)
    ? graph.add('Pad', [image, graph.integers(geometry.padding), '', graph.integers([2, 3])])
    : image;
}

/** Names of the pooled image and of the selected places, from one operator. */
function withPlaces(x: Tensor, geometry: PoolingGeometry, lowering: Lowering) {
  const { graph } = lowering;
  return lowering.once(`pooling of ${x.id} ${JSON.stringify(geometry)}`, () => {
    const image = padded(lowering.value(x), x, geometry, lowering);
    const outputs = graph.add('MaxPool', [image], operatorAttributes(x, geometry), '', 2);
    // A window of NaNs selects nothing and gets a negative index: clamp it, the loss reports the NaN itself.
    const places = graph.add('Max', [lowering.view(at(outputs, 1), [-1]), graph.integers([0])]);
    return { values: at(outputs, 0), places };
  });
}
