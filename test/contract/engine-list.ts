import type { Engine } from '../../src/engine/index.js';
import { type OnnxEngineOptions, openOnnxEngine } from '../../src/engine/onnxruntime/engine.js';

/** An engine, device or way of lowering that must compute what the float64 oracle computes. */
export interface EngineUnderTest {
  readonly name: string;
  readonly open: () => Promise<Engine>;
  /** Why it cannot be tested here; null where it can. */
  readonly skipReason: string | null;
}

function onnxruntime(name: string, options: OnnxEngineOptions): EngineUnderTest {
  return { name: `onnxruntime, ${name}`, open: () => openOnnxEngine({ threads: 2, ...options }), skipReason: null };
}

/** Every engine that the contract holds for: another engine or device is another row. */
export const enginesUnderTest: readonly EngineUnderTest[] = [
  onnxruntime('as it comes', {}),
  onnxruntime('without blocked kernels', { blockSize: 0 }),
  onnxruntime('without fusing', { fuse: false }),
  onnxruntime('without dilated weight gradients', { dilatedWeightGradient: false }),
  onnxruntime('without rewriting', { rewrite: false }),
  onnxruntime('plain', { blockSize: 0, fuse: false, dilatedWeightGradient: false, rewrite: false }),
];
