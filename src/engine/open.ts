import { EngineError } from '../errors.js';
import { option, say } from '../words.js';
import type { EngineName } from './catalogue.js';
import type { Engine, EngineOptions } from './engine.js';

/** An engine, its device and its threads, all decided. */
export type ResolvedEngine = Required<EngineOptions> & { readonly engine: EngineName };

/** Opens an engine in this process. The library behind it is loaded here, not before. Throws EngineError. */
export async function openHere(resolved: ResolvedEngine): Promise<Engine> {
  const { engine } = resolved;
  try {
    return await (engine === 'onnxruntime' ? openOnnx(resolved) : openTfjs({ ...resolved, engine }));
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new EngineError(
      {
        subject: `the ${engine} engine does not load`,
        what: reason,
        remedy: 'run npm install, or probprec doctor',
      },
      {
        cause,
      },
    );
  }
}

async function openOnnx({ device, threads }: ResolvedEngine): Promise<Engine> {
  const { openOnnxEngine } = await import('./onnxruntime/engine.js');
  return openOnnxEngine({ device, threads });
}

/** TensorFlow takes a GPU where it finds one, unless the environment hides it before the library is loaded. */
async function openTfjs({
  engine,
  device,
  threads,
}: ResolvedEngine & { readonly engine: Exclude<EngineName, 'onnxruntime'> }): Promise<Engine> {
  if (engine === 'tfjs-node-gpu' && device === 'cpu') process.env.CUDA_VISIBLE_DEVICES = '-1';
  const { openTfjsEngine } = await import('./tfjs/index.js');
  const opened = await openTfjsEngine(engine, { threads });
  if (opened.record.device === device) return opened;
  const found = opened.record.device;
  await opened.dispose();
  throw new EngineError({
    subject: option('device', device),
    what: `${engine} finds ${found === 'cpu' ? 'no GPU' : `the device ${found}`}`,
    remedy:
      found === 'cpu'
        ? say`the GPU needs its driver, CUDA 11.2 and cuDNN 8.1, ${option('device', 'cpu')} does without`
        : 'TensorFlow was loaded before in this process',
  });
}
