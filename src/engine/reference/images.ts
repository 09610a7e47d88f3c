import { exactly } from '../../expect.js';
import type { Shape, Tensor } from '../../tensor/index.js';
import { allocate, elementsOf, type Kernel, list, type Numbers, operand } from './numbers.js';

/** A run of products along an output row: x starts at `x` and moves by `step`, y starts at `y` and moves by 1, w stays. */
type Row = (x: number, w: number, y: number, count: number, step: number) => void;

/**
 * Visits every product of y[n, o, r, s] = Σ x[n, c, r·stride + i − top, s·stride + j − left] · w[o, c, i, j] with x
 * inside the image. The sum ⟨g, y⟩ over the same products is what the two gradients differentiate.
 */
function eachProduct(node: Tensor, x: Shape, w: Shape, y: Shape, visit: Row): void {
  const [images = 0, channels = 0, height = 0, width = 0] = x;
  const [filters = 0, , kernelHeight = 0, kernelWidth = 0] = w;
  const [, , rows = 0, columns = 0] = y;
  const [rowStride, columnStride] = exactly(list(node, 'stride'), 2);
  const [top, left] = exactly(list(node, 'padding'), 4);
  for (let n = 0; n < images; n++) {
    for (let o = 0; o < filters; o++) {
      for (let c = 0; c < channels; c++) {
        for (let i = 0; i < kernelHeight; i++) {
          for (let j = 0; j < kernelWidth; j++) {
            const kernelPlace = ((o * channels + c) * kernelHeight + i) * kernelWidth + j;
            const first = Math.max(0, Math.ceil((left - j) / columnStride));
            const end = Math.min(columns, Math.floor((width - 1 + left - j) / columnStride) + 1);
            if (end <= first) continue;
            for (let r = 0; r < rows; r++) {
              const imageRow = r * rowStride + i - top;
              if (imageRow < 0 || imageRow >= height) continue;
              const imagePlace = ((n * channels + c) * height + imageRow) * width + first * columnStride + j - left;
              const outputPlace = ((n * filters + o) * rows + r) * columns + first;
              visit(imagePlace, kernelPlace, outputPlace, end - first, columnStride);
            }
          }
        }
      }
    }
  }
}

const conv2d: Kernel = (node, inputs) => {
  const [x, w] = [operand(node, inputs, 0), operand(node, inputs, 1)];
  const y = new Float64Array(elementsOf(node.shape));
  eachProduct(node, x.shape, w.shape, node.shape, (xPlace, wPlace, yPlace, count, step) => {
    const factor = w.data[wPlace] as number;
    for (let s = 0; s < count; s++)
      y[yPlace + s] = (y[yPlace + s] as number) + factor * (x.data[xPlace + s * step] as number);
  });
  return y;
};

const conv2dInputGradient: Kernel = (node, inputs) => {
  const [g, w] = [operand(node, inputs, 0), operand(node, inputs, 1)];
  const x = new Float64Array(elementsOf(node.shape));
  eachProduct(node, node.shape, w.shape, g.shape, (xPlace, wPlace, yPlace, count, step) => {
    const factor = w.data[wPlace] as number;
    for (let s = 0; s < count; s++) {
      x[xPlace + s * step] = (x[xPlace + s * step] as number) + factor * (g.data[yPlace + s] as number);
    }
  });
  return x;
};

const conv2dWeightGradient: Kernel = (node, inputs) => {
  const [x, g] = [operand(node, inputs, 0), operand(node, inputs, 1)];
  const w = new Float64Array(elementsOf(node.shape));
  eachProduct(node, x.shape, node.shape, g.shape, (xPlace, wPlace, yPlace, count, step) => {
    let total = 0;
    for (let s = 0; s < count; s++) total += (x.data[xPlace + s * step] as number) * (g.data[yPlace + s] as number);
    w[wPlace] = (w[wPlace] as number) + total;
  });
  return w;
};

const PADDING = -1;

/**
 * For each window of x its first maximum in row-major order, as a place in x's numbers; padding is an element 0. NaN counts as
 * larger than every number, as in PyTorch: a maximum that passed it over would hide that something went wrong.
 */
function selections(node: Tensor, { data, shape }: { data: Numbers; shape: Shape }, pooled: Shape): Int32Array {
  const [images = 0, channels = 0, height = 0, width = 0] = shape;
  const [, , rows = 0, columns = 0] = pooled;
  const [windowHeight, windowWidth] = exactly(list(node, 'window'), 2);
  const [rowStride, columnStride] = exactly(list(node, 'stride'), 2);
  const [top, left] = exactly(list(node, 'padding'), 4);
  const places = new Int32Array(images * channels * rows * columns);
  let window = 0;
  for (let plane = 0; plane < images * channels; plane++) {
    for (let r = 0; r < rows; r++) {
      for (let s = 0; s < columns; s++) {
        let [largest, chosen] = [Number.NEGATIVE_INFINITY, PADDING];
        for (let i = 0; i < windowHeight; i++) {
          for (let j = 0; j < windowWidth; j++) {
            const [row, column] = [r * rowStride + i - top, s * columnStride + j - left];
            const inside = row >= 0 && row < height && column >= 0 && column < width;
            const place = inside ? (plane * height + row) * width + column : PADDING;
            const value = inside ? (data[place] as number) : 0;
            const isFirstNaN = Number.isNaN(value) && !Number.isNaN(largest);
            if (value > largest || isFirstNaN) [largest, chosen] = [value, place];
          }
        }
        places[window++] = chosen;
      }
    }
  }
  return places;
}

function gather(places: Int32Array, values: Numbers): Float64Array {
  return Float64Array.from(places, (place) => (place === PADDING ? 0 : (values[place] as number)));
}

const maxPool2d: Kernel = (node, inputs) => {
  const x = operand(node, inputs, 0);
  return gather(selections(node, x, node.shape), x.data);
};

const maxPoolGather: Kernel = (node, inputs) => {
  const [x, v] = [operand(node, inputs, 0), operand(node, inputs, 1)];
  return gather(selections(node, x, node.shape), v.data);
};

const maxPoolScatter: Kernel = (node, inputs) => {
  const [x, g] = [operand(node, inputs, 0), operand(node, inputs, 1)];
  const result = allocate(node.shape, node.dtype);
  selections(node, x, g.shape).forEach((place, window) => {
    if (place !== PADDING) result[place] = (result[place] as number) + (g.data[window] as number);
  });
  return result;
};

/** Operations on images [n, c, h, w]. */
export const imageKernels: Readonly<Record<string, Kernel>> = {
  conv2d,
  conv2dInputGradient,
  conv2dWeightGradient,
  maxPool2d,
  maxPoolGather,
  maxPoolScatter,
};
