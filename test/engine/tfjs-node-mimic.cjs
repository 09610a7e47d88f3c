'use strict';

/** Names of the kernels that @tensorflow/tfjs-node 4.22.0 registers (dist/kernels/*.js, `kernelName`). */
const kernelNames = `
  Abs Acos Acosh Add AddN All Any ArgMax ArgMin Asin Asinh Atan Atan2 Atanh AvgPool AvgPool3D AvgPool3DGrad AvgPoolGrad
  BatchMatMul BatchToSpaceND Bincount BroadcastArgs Cast Ceil ClipByValue Complex ComplexAbs Concat Conv2D
  Conv2DBackpropFilter Conv2DBackpropInput Conv3D Conv3DBackpropFilterV2 Conv3DBackpropInputV2 Cos Cosh CropAndResize
  Cumprod Cumsum DepthToSpace DepthwiseConv2dNative DepthwiseConv2dNativeBackpropFilter
  DepthwiseConv2dNativeBackpropInput Diag Dilation2D Dilation2DBackpropFilter Dilation2DBackpropInput Einsum Elu EluGrad
  Equal Erf Exp ExpandDims Expm1 FFT Fill FlipLeftRight Floor FloorDiv FusedBatchNorm FusedConv2D FusedDepthwiseConv2D
  GatherNd GatherV2 Greater GreaterEqual IFFT Identity Imag IsFinite IsInf IsNan LRN LRNGrad LeakyRelu Less LessEqual
  LinSpace Log Log1p LogicalAnd LogicalNot LogicalOr Max MaxPool MaxPool3D MaxPool3DGrad MaxPoolGrad Maximum Mean Min
  Minimum MirrorPad Mod Multinomial Multiply Neg NonMaxSuppressionV3 NonMaxSuppressionV4 NonMaxSuppressionV5 NotEqual
  OneHot OnesLike Pack PadV2 Pow Prelu Prod Range Real RealDiv Reciprocal Relu Relu6 Reshape ResizeBilinear
  ResizeBilinearGrad ResizeNearestNeighbor ResizeNearestNeighborGrad Reverse Round Rsqrt ScatterNd Select Selu Sigmoid
  Sign Sin Sinh Slice Softmax Softplus SpaceToBatchND SparseToDense SplitV Sqrt Square SquaredDifference
  StaticRegexReplace Step StridedSlice Sub Sum Tan Tanh TensorScatterUpdate Tile TopK Transpose Unique Unpack
  UnsortedSegmentSum ZerosLike _FusedMatMul
`
  .trim()
  .split(/\s+/);

/** What libtensorflow refuses and the CPU backend takes. */
const refusals = {
  Conv2DBackpropFilter: refuseExplicitPadding,
  Conv2DBackpropInput: refuseExplicitPadding,
  MaxPool: refuseExplicitPadding,
  Select: ({ inputs: { condition, t, e } }) => {
    const shapes = [condition, t, e].map(({ shape }) => shape.join());
    if (new Set(shapes).size > 1)
      throw new Error(`Inputs to operation Select must have the same size and shape: ${shapes}`);
  },
  ...Object.fromEntries(
    ['Add', 'Sub', 'Multiply', 'RealDiv', 'Greater', 'GreaterEqual', 'Equal'].map((kernel) => [
      kernel,
      ({ inputs: { a, b } }) => {
        if (a.dtype !== b.dtype) throw new Error(`cannot compute ${kernel} of ${a.dtype} and ${b.dtype}`);
      },
    ]),
  ),
};

function refuseExplicitPadding({ attrs: { pad } }) {
  if (pad !== 'valid' && pad !== 'same') {
    throw new Error("TF Backend supports only 'valid' and 'same' padding while padding was EXPLICIT");
  }
}

/**
 * What `require('@tensorflow/tfjs-node-gpu')` gives, on the CPU backend's kernels: the functions of TensorFlow.js with the
 * backend `tensorflow` as current one, the fields of the real backend, its set of kernels and its refusals.
 */
module.exports = function mimic({ name, version, gpu, fault }) {
  if (fault === 'addon') {
    throw new Error(
      `The Node.js native addon module (tfjs_binding.node) can not be found at path: /somewhere/tfjs_binding.node. \nPlease run command 'npm rebuild ${name} --build-addon-from-source' to rebuild the native addon module.`,
    );
  }
  if (fault === 'cuda') throw new Error('libcudart.so.11.0: cannot open shared object file: No such file or directory');
  const tf = require('@tensorflow/tfjs-core');
  const { MathBackendCPU } = require('@tensorflow/tfjs-backend-cpu');

  class NodeJSKernelBackend extends MathBackendCPU {
    constructor(binding, packageName) {
      super();
      this.binding = binding;
      this.isGPUPackage = packageName === '@tensorflow/tfjs-node-gpu';
      this.isUsingGpuDevice = binding.isUsingGpuDevice();
    }
  }

  const { env } = process;
  const binding = { TF_Version: '2.9.1', isUsingGpuDevice: () => gpu && env.CUDA_VISIBLE_DEVICES !== '-1' };
  for (const config of tf.getKernelsForBackend('cpu')) {
    if (!kernelNames.includes(config.kernelName)) continue;
    const kernelFunc = (args) => {
      refusals[config.kernelName]?.(args);
      return config.kernelFunc(args);
    };
    tf.registerKernel({ ...config, backendName: 'tensorflow', kernelFunc });
  }
  tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, name), 3);
  if (!tf.setBackend('tensorflow')) throw new Error('Could not initialize TensorFlow backend.');
  const environment = Object.entries(env).filter(([variable]) => /^TF_|^NVIDIA_/.test(variable));
  return {
    ...tf,
    version: { 'tfjs-core': tf.version_core, 'tfjs-node': version },
    node: {},
    environmentWhenLoaded: Object.fromEntries(environment),
  };
};
