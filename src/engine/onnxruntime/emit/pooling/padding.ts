import { inputOf, type PoolingGeometry, type Tensor } from '../../../../tensor/index.js';

/** Zero padding may be left to the operator (which pads with −∞) only where no element is negative. */
function neverNegative(x: Tensor): boolean {
  return x.operation.name === 'relu' || (x.operation.name === 'maxPool2d' && neverNegative(inputOf(x, 0)));
}

/** Whether padding must become part of the image, because it counts as an element of value 0. */
export function padsExplicitly(x: Tensor, { padding }: PoolingGeometry): boolean {
  return padding.some((p) => p > 0) && !neverNegative(x);
}

/** Attributes of the operator MaxPool on the image as it sees it. */
export function operatorAttributes(x: Tensor, geometry: PoolingGeometry) {
  const pads = padsExplicitly(x, geometry) ? [0, 0, 0, 0] : geometry.padding;
  return { kernel_shape: geometry.window, strides: geometry.stride, pads };
}
