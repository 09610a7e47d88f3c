import { EngineError } from '../errors.js';
import { option, say } from '../words.js';
import { devicesOf, engineNames } from './catalogue.js';
import type { EngineDescription } from './description.js';
import { checkOnnxDevice, onnxDevice, onnxruntimeVersion } from './onnxruntime/device.js';
import type { ResolvedEngine } from './open.js';
import { type ProbeReport, probe } from './probe.js';
import { reasonOf, reasonOfFault } from './reason-of.js';
import { resolveEngine, workingDirectoryPackage } from './select.js';

/** An engine's description with its speed in 10⁹ operations per second; null where it was not measured. */
export type MeasuredEngine = EngineDescription & { readonly gigaflops: number | null };

/** Every engine on each device that it can be asked for. TensorFlow finds its device by itself. */
function candidates(): Omit<ResolvedEngine, 'threads'>[] {
  return engineNames().flatMap((engine) => {
    const devices = engine === 'tfjs-node-gpu' ? devicesOf(engine).slice(0, 1) : devicesOf(engine);
    return devices.map((device) => ({ engine, device }));
  });
}

/**
 * Every engine and device, whether it can be used here, and why not. Each is tried in a process of its own, with `speed` one
 * after the other, so that none disturbs another's measurement.
 */
export async function describeEngines({ speed = false } = {}): Promise<MeasuredEngine[]> {
  const automatic = await resolveEngine();
  const describe = async (candidate: Omit<ResolvedEngine, 'threads'>): Promise<MeasuredEngine> => {
    const resolved = { ...candidate, threads: automatic.threads };
    const { description, gigaflops } = untried(resolved) ?? (await probe(resolved, { speed }));
    const isDefault = description.name === automatic.engine && description.device === automatic.device;
    return { ...description, default: isDefault, gigaflops };
  };
  if (!speed) return Promise.all(candidates().map(describe));
  const measured: MeasuredEngine[] = [];
  for (const candidate of candidates()) measured.push(await describe(candidate));
  return measured;
}

/** A report on what is not tried: a device whose files are not there, packages whose code nobody asked to run. */
function untried(resolved: ResolvedEngine): ProbeReport | null {
  return resolved.engine === 'onnxruntime' ? withoutFiles(resolved) : ofWorkingDirectory(resolved);
}

/** A listing must not run what somebody has put into the folder that the user happens to be in. */
function ofWorkingDirectory({ engine, device }: ResolvedEngine): ProbeReport | null {
  const folder = workingDirectoryPackage(engine);
  if (folder === null) return null;
  const reason = reasonOfFault({
    what: `${folder} is not tried, because a listing runs no code of the working directory`,
    remedy: say`${option('engine', engine)} uses it`,
  });
  const description = { name: engine, device, installed: true, usable: false, version: null, default: false };
  return { description: { ...description, ...reason }, gigaflops: null };
}

function withoutFiles({ engine, device }: ResolvedEngine): ProbeReport | null {
  try {
    checkOnnxDevice(onnxDevice(device));
    return null;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const version = onnxruntimeVersion();
    const description = { name: engine, device, installed: false, usable: false, version, default: false };
    return { description: { ...description, ...reasonOf(error) }, gigaflops: null };
  }
}
