import { ProbprecError } from '../../errors.js';
import type { EngineDescription } from '../description.js';
import type { EngineRecord } from '../engine.js';
import { type LoadOptions, VariantError } from './load.js';
import { openTfjsEngine } from './open.js';
import type { TfjsVariant } from './variant.js';

/**
 * Whether a variant can be used here, on which device, and why not. Loads it where it is installed: nothing less tells
 * whether its native library loads and finds a GPU.
 */
export async function describeTfjs(variant: TfjsVariant, options: LoadOptions = {}): Promise<EngineDescription> {
  const common = { name: variant, default: false };
  try {
    const engine = await openTfjsEngine(variant, options);
    await engine.dispose();
    const { device, version } = engine.record;
    return { ...common, device, installed: true, usable: true, reason: reasonOf(engine.record), version };
  } catch (error) {
    if (!(error instanceof ProbprecError)) throw error;
    const { installed = false, version = null } = error instanceof VariantError ? error : {};
    const device = variant === 'tfjs-node-gpu' ? 'gpu' : 'cpu';
    return { ...common, device, installed, usable: false, reason: error.message, version };
  }
}

function reasonOf({ name, device, threads, details }: EngineRecord): string {
  if (name === 'tfjs-cpu') return 'plain JavaScript on one thread: a slow reference';
  const tensorflow = `TensorFlow ${details.tensorflow ?? 'of unknown version'}`;
  if (device === 'gpu') return `${tensorflow} on the GPU`;
  return details.gpuFound === false
    ? `${tensorflow} finds no GPU and runs on the CPU with ${threads} threads; a GPU needs its driver, CUDA 11.2 and cuDNN 8.1`
    : `${tensorflow}, ${threads} threads`;
}
