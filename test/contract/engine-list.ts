import type { Engine } from '../../src/engine/index.js';
import { type OnnxEngineOptions, openOnnxEngine } from '../../src/engine/onnxruntime/engine.js';
import { probe } from '../../src/engine/probe.js';
import { openTfjsEngine, type TfjsVariant } from '../../src/engine/tfjs/index.js';
import { importFrom, installMimic } from '../engine/mimicked-tfjs-node.js';

/** An engine, device or way of lowering that must compute what the float64 oracle computes. */
export interface EngineUnderTest {
  readonly name: string;
  readonly open: () => Promise<Engine>;
  /** Why it cannot be tested here; null where it can. */
  readonly skipReason: string | null;
  /** Computed by a software GPU, perhaps, or in JavaScript: a part of the trainings has to do. */
  readonly slow?: boolean;
  /** One way of lowering less than the engine has: the networks with what it lowers have to do. */
  readonly variant?: boolean;
  /** Far too slow for the networks of the test problems. */
  readonly smallOnly?: boolean;
}

function onnxruntime(name: string, options: OnnxEngineOptions): EngineUnderTest {
  return { name: `onnxruntime, ${name}`, open: () => openOnnxEngine({ threads: 2, ...options }), skipReason: null };
}

function tfjs(variant: TfjsVariant, skipReason: string | null): EngineUnderTest {
  return { name: variant, open: () => openTfjsEngine(variant, { threads: 2 }), skipReason };
}

/** tfjs-node's set of kernels, refusals and way of lowering, on the CPU backend's kernels. */
async function openMimic(): Promise<Engine> {
  const folder = await installMimic({ name: '@tensorflow/tfjs-node' });
  return openTfjsEngine('tfjs-node', { threads: 2, importModule: importFrom(folder) });
}

const { description: webgpu } = await probe({ engine: 'onnxruntime', device: 'webgpu', threads: 2 });

const [onGpu, onCpu] = await Promise.all([
  probe({ engine: 'tfjs-node-gpu', device: 'gpu', threads: 2 }),
  probe({ engine: 'tfjs-node', device: 'cpu', threads: 2 }),
]).then((reports) => reports.map(({ description }) => description));
const whyNot = (engine: typeof onGpu) => (engine?.usable ? null : (engine?.reason ?? 'not probed'));
/** libtensorflow can be loaded once in a process. */
const native = [onGpu, onCpu].find((engine) => engine?.usable)?.name;
const instead = native === undefined ? null : `${native} itself is tested`;

/** Every engine that the contract holds for: another engine or device is another row. */
export const enginesUnderTest: readonly EngineUnderTest[] = [
  onnxruntime('as it comes', {}),
  { ...onnxruntime('without blocked kernels', { blockSize: 0 }), variant: true },
  { ...onnxruntime('without fusing', { fuse: false }), variant: true },
  { ...onnxruntime('without dilated weight gradients', { dilatedWeightGradient: false }), variant: true },
  { ...onnxruntime('without phased pooling', { phasedPooling: false }), variant: true },
  { ...onnxruntime('without rewriting', { rewrite: false }), variant: true },
  { ...onnxruntime('with copied outputs', { inPlace: false }), variant: true },
  onnxruntime('plain', {
    blockSize: 0,
    fuse: false,
    dilatedWeightGradient: false,
    phasedPooling: false,
    rewrite: false,
  }),
  { ...onnxruntime('webgpu', { device: 'webgpu' }), skipReason: webgpu.usable ? null : webgpu.reason, slow: true },
  tfjs('tfjs-node-gpu', whyNot(onGpu)),
  tfjs('tfjs-node', whyNot(onCpu) ?? (native === 'tfjs-node' ? null : instead)),
  { name: 'tfjs-node, mimicked', open: openMimic, skipReason: instead, smallOnly: true },
  { ...tfjs('tfjs-cpu', null), slow: true },
];
