import type { Engine } from '../../src/engine/index.js';
import { type OnnxEngineOptions, openOnnxEngine } from '../../src/engine/onnxruntime/engine.js';
import { probe } from '../../src/engine/probe.js';
import { openTfjsEngine, type TfjsOptions } from '../../src/engine/tfjs/open.js';

/** An engine, device or way of lowering that must compute what the float64 oracle computes. */
export interface EngineUnderTest {
  readonly name: string;
  readonly open: () => Promise<Engine>;
  /** Why it cannot be tested here; null where it can. */
  readonly skipReason: string | null;
  /** Computed by a software GPU, perhaps: a part of the trainings has to do. */
  readonly slow?: boolean;
}

function onnxruntime(name: string, options: OnnxEngineOptions): EngineUnderTest {
  return { name: `onnxruntime, ${name}`, open: () => openOnnxEngine({ threads: 2, ...options }), skipReason: null };
}

function tfjsCpu(name: string, lowering: TfjsOptions['lowering'] = {}): EngineUnderTest {
  return { name: `tfjs-cpu, ${name}`, open: () => openTfjsEngine('tfjs-cpu', { lowering }), skipReason: null };
}

const { description: webgpu } = await probe({ engine: 'onnxruntime', device: 'webgpu', threads: 2 });

/** Every engine that the contract holds for: another engine or device is another row. */
export const enginesUnderTest: readonly EngineUnderTest[] = [
  onnxruntime('as it comes', {}),
  onnxruntime('without blocked kernels', { blockSize: 0 }),
  onnxruntime('without fusing', { fuse: false }),
  onnxruntime('without dilated weight gradients', { dilatedWeightGradient: false }),
  onnxruntime('without phased pooling', { phasedPooling: false }),
  onnxruntime('without rewriting', { rewrite: false }),
  onnxruntime('with copied outputs', { inPlace: false }),
  onnxruntime('plain', {
    blockSize: 0,
    fuse: false,
    dilatedWeightGradient: false,
    phasedPooling: false,
    rewrite: false,
  }),
  { ...onnxruntime('webgpu', { device: 'webgpu' }), skipReason: webgpu.usable ? null : webgpu.reason, slow: true },
  tfjsCpu('as it comes'),
  tfjsCpu('weight gradients by their own kernel', { weightGradientKernel: true }),
];
