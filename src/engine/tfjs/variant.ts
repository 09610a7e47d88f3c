/** The ways of running on TensorFlow.js: TensorFlow's kernels on GPU or CPU, or plain JavaScript. */
export type TfjsVariant = 'tfjs-node-gpu' | 'tfjs-node' | 'tfjs-cpu';

/** What a variant is made of. */
export interface VariantDefinition {
  /** What has to be installed; the first one has the functions of TensorFlow.js and the version that is recorded. */
  readonly packages: readonly [string, ...string[]];
  /** The backend's name in TensorFlow.js. */
  readonly backend: 'tensorflow' | 'cpu';
  /** Whether kernels and tensors are libtensorflow's. */
  readonly native: boolean;
  /** What installing and running it takes; null where it takes nothing. */
  readonly needs: string | null;
}

const download = "Node 20 or 22; it downloads libtensorflow 2.9.1 from Google's storage";

/** The definition of each variant. */
export const variants: Readonly<Record<TfjsVariant, VariantDefinition>> = {
  'tfjs-node-gpu': {
    packages: ['@tensorflow/tfjs-node-gpu'],
    backend: 'tensorflow',
    native: true,
    needs: `${download}; the GPU needs CUDA 11.2 and cuDNN 8.1`,
  },
  'tfjs-node': {
    packages: ['@tensorflow/tfjs-node'],
    backend: 'tensorflow',
    native: true,
    needs: download,
  },
  'tfjs-cpu': {
    packages: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu'],
    backend: 'cpu',
    native: false,
    needs: null,
  },
};
