import type { EngineDescription } from './description.js';
import { onnxruntimeVersion } from './onnxruntime/device.js';
import { openHere, type ResolvedEngine } from './open.js';
import { reasonOf } from './reason-of.js';

/**
 * What an engine offers on a device (TensorFlow: on the one that it finds), found out by opening it in this process.
 * Packages of the working directory are run on request only.
 */
export async function describeHere(
  resolved: ResolvedEngine,
  { workingDirectory }: { readonly workingDirectory: boolean },
): Promise<EngineDescription> {
  const { engine, device, threads } = resolved;
  if (engine !== 'onnxruntime') {
    const { describeTfjs, importInstalledPackage } = await import('./tfjs/index.js');
    return describeTfjs(engine, { threads, ...(workingDirectory ? {} : { importModule: importInstalledPackage }) });
  }
  const common = { name: engine, device, version: onnxruntimeVersion(), default: false };
  try {
    const opened = await openHere(resolved);
    await opened.dispose();
    return { ...common, installed: true, usable: true, reason: inWords(threads, opened.record.details) };
  } catch (error) {
    return { ...common, installed: common.version !== null, usable: false, ...reasonOf(error) };
  }
}

function inWords(threads: number, details: Readonly<Record<string, string | number | boolean>>): string {
  if (details.deviceTensors === true) return 'parameters stay on the device between steps';
  if (details.deviceTensors === false) return 'parameters are copied to and from the device in every step';
  const { blockSize } = details;
  const kernels = blockSize ? `blocked convolution kernels of ${blockSize} channels` : 'plain kernels';
  return `${threads} threads, ${kernels}`;
}
