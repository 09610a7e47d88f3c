import { ConfigurationError } from '../errors.js';
import { notKnown } from '../names.js';
import { option, say } from '../words.js';

/** The engines and their devices. */
const devicesByEngine = {
  onnxruntime: ['cpu', 'webgpu', 'cuda'],
  'tfjs-node-gpu': ['gpu', 'cpu'],
  'tfjs-node': ['cpu'],
  'tfjs-cpu': ['cpu'],
} as const;

/** Name of an engine. */
export type EngineName = keyof typeof devicesByEngine;

const names = Object.keys(devicesByEngine) as EngineName[];

/** Names that `--engine` accepts besides `auto`. */
export function engineNames(): readonly EngineName[] {
  return names;
}

/** The devices of an engine: the one that it takes when none is named first. */
export function devicesOf(engine: EngineName): readonly [string, ...string[]] {
  return devicesByEngine[engine];
}

/** The engine of this name. Throws ConfigurationError. */
export function engineNamed(name: string): EngineName {
  const found = names.find((engine) => engine === name);
  if (found === undefined) {
    throw new ConfigurationError({ subject: option('engine', name), what: notKnown(name, ['auto', ...names]) });
  }
  return found;
}

/** Checks that the engine has such a device. Throws ConfigurationError. */
export function checkDevice(engine: EngineName, device: string): void {
  const devices = devicesOf(engine);
  if (devices.includes(device)) return;
  const others = enginesWith(device);
  throw new ConfigurationError({
    subject: option('device', device),
    what: `not a device of ${engine}`,
    expected: `one of ${devices.join(', ')}`,
    ...(others.length > 0 ? { remedy: say`${option('engine', others.join(' or '))} has it` } : {}),
  });
}

/** The engines that have such a device. */
export function enginesWith(device: string): readonly EngineName[] {
  return names.filter((engine) => devicesOf(engine).includes(device));
}

/** The first engine with such a device. Throws ConfigurationError. */
export function engineWith(device: string): EngineName {
  const [found] = enginesWith(device);
  if (found !== undefined) return found;
  const all = [...new Set(names.flatMap(devicesOf))];
  throw new ConfigurationError({ subject: option('device', device), what: notKnown(device, all) });
}
