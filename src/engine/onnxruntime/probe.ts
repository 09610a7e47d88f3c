import { isAbsentOperator, probeError } from './failure.js';
import { OnnxGraph } from './graph.js';
import * as ort from './library.js';

/** Probes compute nothing: one thread, and nothing said about what does not exist. */
export const probeSession = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4 } as const;

/**
 * Channels per block of ONNX Runtime's blocked convolution kernels on this processor: 16 with AVX-512, 8 with AVX2, or 0
 * where they do not exist. Asked of the library itself, which pads the channels of a reordered image to one block. Throws
 * EngineError where it cannot be found out: convolutions round differently without, so that failing is no reason for that.
 */
export async function probeBlockSize(operator = 'ReorderInput'): Promise<number> {
  const graph = new OnnxGraph();
  const image = graph.input('image', [1, 4, 1, 1], 'float');
  graph.output('reordered', graph.add(operator, [image], {}, 'com.microsoft.nchwc'), [1, -1, 1, 1], 'float');
  try {
    const session = await ort.InferenceSession.create(graph.serialize(), probeSession);
    const { reordered } = await session
      .run({ image: new ort.Tensor('float32', new Float32Array(4), [1, 4, 1, 1]) })
      .finally(() => session.release());
    const block = reordered?.dims[1] ?? 0;
    return block === 8 || block === 16 ? block : 0;
  } catch (error) {
    if (isAbsentOperator(error)) return 0;
    throw probeError('the block size of the convolution kernels', error);
  }
}
