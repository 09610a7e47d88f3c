import { OnnxGraph } from './graph.js';
import * as ort from './library.js';

/**
 * Channels per block of ONNX Runtime's blocked convolution kernels on this processor: 16 with AVX-512, 8 with AVX2, or 0
 * where they do not exist. Asked of the library itself, which pads the channels of a reordered image to one block.
 */
export async function probeBlockSize(): Promise<number> {
  const graph = new OnnxGraph();
  const image = graph.input('image', [1, 4, 1, 1], 'float');
  graph.output('reordered', graph.add('ReorderInput', [image], {}, 'com.microsoft.nchwc'), [1, -1, 1, 1], 'float');
  try {
    const session = await ort.InferenceSession.create(graph.serialize(), { logSeverityLevel: 4 });
    const { reordered } = await session.run({ image: new ort.Tensor('float32', new Float32Array(4), [1, 4, 1, 1]) });
    await session.release();
    const block = reordered?.dims[1] ?? 0;
    return block === 8 || block === 16 ? block : 0;
  } catch {
    return 0;
  }
}
