import type { NetworkDefinition } from '../define-test-problem.js';
import { constantValue, truncatedXavierNormal, xavierNormal, xavierUniform } from '../initialisers.js';
import {
  conv2d,
  dense,
  dropout,
  flatten,
  maxPool,
  type ResizeSampling,
  relu,
  resizeBilinear,
  sequential,
} from '../layers/index.js';
import { softmaxCrossEntropy } from '../losses.js';
import type { Layer } from '../scope.js';

/** Which VGG network, and what DeepOBS' two lines do differently. */
export interface VggOptions {
  readonly depth: 16 | 19;
  readonly classes: number;
  readonly sampling: ResizeSampling;
  /** Whether the L2 term includes the matrices of the dense layers. */
  readonly denseRegularised: boolean;
  /** Divides the number of filters and units, so that the whole network can be checked in float64; default 1, the published widths. */
  readonly narrower?: number;
}

/** Convolutions in the five blocks, and their filters. */
const CONVOLUTIONS = { 16: [2, 2, 3, 3, 3], 19: [2, 2, 4, 4, 4] } as const;
const FILTERS = [64, 128, 256, 512, 512] as const;

/** A VGG network (Simonyan & Zisserman 2015, configurations D and E) on images that are enlarged to 224×224, as DeepOBS has it. */
export function vgg({ depth, classes, sampling, denseRegularised: regularised, narrower = 1 }: VggOptions): Layer {
  const units = 4096 / narrower;
  const block = (convolutions: number, filters: number): Layer[] => [
    ...Array.from({ length: convolutions }, () =>
      sequential([conv2d({ filters, kernel: 3, padding: 'same' }), relu()]),
    ),
    maxPool({ size: 2, stride: 2 }),
  ];
  return sequential([
    resizeBilinear({ rows: 224, columns: 224, sampling }),
    ...CONVOLUTIONS[depth].flatMap((convolutions, index) => block(convolutions, (FILTERS[index] ?? 0) / narrower)),
    flatten(),
    ...[dense(units, { regularised }), relu(), dropout(0.5)],
    ...[dense(units, { regularised }), relu(), dropout(0.5)],
    dense(classes, { output: true, regularised }),
  ]);
}

/**
 * What DeepOBS' VGG networks have in common. It sets neither batch size nor epochs. A training step takes
 * seconds for each image (onnxruntime, processor); what four images take is measured in docs/conformance.md.
 */
export function vggDefinition(
  options: Pick<VggOptions, 'depth' | 'classes' | 'narrower'>,
): Pick<NetworkDefinition, 'defaults' | 'initial' | 'network' | 'loss' | 'tf'> {
  const dense = xavierUniform();
  return {
    defaults: { batchSize: 32, numEpochs: 100, l2Reg: 5e-4 },
    initial: { weights: { conv: xavierNormal(), dense }, biases: constantValue(0) },
    network: vgg({ ...options, sampling: 'aligned corners', denseRegularised: true }),
    loss: softmaxCrossEntropy(),
    tf: {
      initial: { weights: { conv: truncatedXavierNormal(), dense }, biases: constantValue(0) },
      network: vgg({ ...options, sampling: 'top left', denseRegularised: false }),
    },
  };
}
