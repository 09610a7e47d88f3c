import type { Engine, EngineRecord } from '../engine.js';
import { TfjsEngine } from './engine.js';
import type { NodeBackend } from './library.js';
import { type LoadedVariant, type LoadOptions, loadVariant } from './load.js';
import type { LoweringOptions } from './lowering.js';
import { type TfjsVariant, variants } from './variant.js';

/** How an engine on TensorFlow.js is opened. */
export interface TfjsOptions extends LoadOptions {
  /** Switches for tests and measurements; the defaults are the fastest ones of the variant. */
  readonly lowering?: Partial<LoweringOptions>;
}

/**
 * Opens an engine on TensorFlow.js, whose packages are loaded here and not before. Throws EngineError of one line: what is
 * missing, what it needs, what to do.
 */
export async function openTfjsEngine(variant: TfjsVariant, options: TfjsOptions = {}): Promise<Engine> {
  const loaded = await loadVariant(variant, options);
  const { backend: name, native } = variants[variant];
  // TensorFlow's kernel for weight gradients is its fastest way, the CPU backend's the slowest.
  const lowering = { weightGradientKernel: native, ...options.lowering };
  return new TfjsEngine(recordOf(variant, loaded), { library: loaded.library, name, lowering });
}

/** What the run file says: the device that TensorFlow computes on, whatever the package was built for. */
function recordOf(variant: TfjsVariant, { library, version, threads }: LoadedVariant): EngineRecord {
  const { isUsingGpuDevice = false, isGPUPackage = false, binding }: NodeBackend = library.backend();
  const details = {
    core: library.version_core,
    ...(binding?.TF_Version === undefined ? {} : { tensorflow: binding.TF_Version }),
    ...(isGPUPackage ? { gpuFound: isUsingGpuDevice } : {}),
  };
  return { name: variant, device: isUsingGpuDevice ? 'gpu' : 'cpu', threads, version, details };
}
