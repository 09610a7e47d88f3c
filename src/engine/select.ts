import { availableParallelism } from 'node:os';
import { ConfigurationError, EngineError } from '../errors.js';
import { expectedOneOf } from '../names.js';
import type { EngineDescription } from './description.js';
import type { Engine, EngineOptions } from './engine.js';

const engines = ['onnxruntime'] as const;

/** Names that `--engine` accepts besides `auto`. */
export function engineNames(): readonly string[] {
  return engines;
}

/** The engine, device and thread count that options resolve to, before anything is loaded. Throws ConfigurationError. */
export function resolveEngine({
  engine = 'auto',
  device = 'cpu',
  threads,
}: EngineOptions = {}): Required<EngineOptions> {
  const name = engine === 'auto' ? 'onnxruntime' : engine;
  if (!engineNames().includes(name))
    throw new ConfigurationError(`--engine ${expectedOneOf(name, ['auto', ...engines])}`);
  if (device !== 'cpu') throw new ConfigurationError(`--device ${expectedOneOf(device, ['cpu'])}`);
  return { engine: name, device, threads: threads ?? availableParallelism() };
}

/** Opens an engine. The library behind it is loaded here, not before. */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const resolved = resolveEngine(options);
  try {
    const { openOnnxEngine } = await import('./onnxruntime/engine.js');
    return await openOnnxEngine(resolved);
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new EngineError(`the onnxruntime engine does not load: ${reason}; run npm install, or probprec doctor`, {
      cause,
    });
  }
}

/** Every engine and device, whether it can be used here, and why not. */
export async function describeEngines(): Promise<EngineDescription[]> {
  try {
    const engine = await openEngine({ engine: 'onnxruntime' });
    const { name, device, version, details, threads } = engine.record;
    await engine.dispose();
    const kernels = details.blockSize
      ? `blocked convolution kernels of ${details.blockSize} channels`
      : 'plain kernels';
    return [
      { name, device, installed: true, usable: true, reason: `${threads} threads, ${kernels}`, version, default: true },
    ];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [
      { name: 'onnxruntime', device: 'cpu', installed: false, usable: false, reason, version: null, default: true },
    ];
  }
}
