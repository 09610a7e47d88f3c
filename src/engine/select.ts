import { availableParallelism } from 'node:os';
import { checkBoundedByCores } from '../bounded-by-cores.js';
import { EngineError } from '../errors.js';
import {
  checkDevice,
  devicesOf,
  type EngineName,
  engineNamed,
  engineNames,
  enginesWith,
  engineWith,
} from './catalogue.js';
import type { Engine, EngineOptions } from './engine.js';
import { openHere, type ResolvedEngine } from './open.js';
import { type ProbeReport, probe } from './probe.js';
import { importInstalledPackage, importPackage, isNotFound, packageOfWorkingDirectory } from './tfjs/import-package.js';
import { variants } from './tfjs/variant.js';

/**
 * The engine, device and thread count that options resolve to. Loads no engine into this process. Without a name it is
 * TensorFlow on its GPU, where tfjs-node-gpu is installed beside probprec and sees one, else ONNX Runtime on the processor; a
 * device without an engine names the first engine that has it. Throws ConfigurationError.
 */
export async function resolveEngine({ engine = 'auto', device, threads }: EngineOptions = {}): Promise<ResolvedEngine> {
  if (threads !== undefined) checkThreads(threads);
  const { engine: name, device: chosen } = await choose(engine, device);
  return { engine: name, device: chosen, threads: threads ?? availableParallelism() };
}

/**
 * Throws ConfigurationError for a number of threads that no engine should be opened with here. More threads than cores never
 * help; far more take memory and the system's last threads, and native code cannot be stopped. 16 are always accepted: a plan
 * may have been made for a larger machine.
 */
export function checkThreads(threads: number): void {
  checkBoundedByCores(threads, { option: 'threads', perCore: 4, fewest: 16 });
}

async function choose(engine: string, device: string | undefined): Promise<Omit<ResolvedEngine, 'threads'>> {
  if (device !== undefined) {
    const name = engine === 'auto' ? engineWith(device) : engineNamed(engine);
    checkDevice(name, device);
    return { engine: name, device };
  }
  const name = engine === 'auto' ? 'auto' : engineNamed(engine);
  if (name !== 'auto' && name !== 'tfjs-node-gpu') return { engine: name, device: devicesOf(name)[0] };
  const found = await deviceOfTensorflow({ workingDirectory: name !== 'auto' });
  if (name === 'auto' && found !== 'gpu') return { engine: 'onnxruntime', device: 'cpu' };
  // Not installed: opening it will say so.
  return { engine: 'tfjs-node-gpu', device: found ?? 'gpu' };
}

const found = new Map<boolean, Promise<string | null>>();

/**
 * The device on which tfjs-node-gpu computes here, null when it cannot be used. Nothing but a look for its files where it is
 * not installed; else it is loaded once, in a process of its own, since it takes memory of the GPU. What only the working
 * directory has is loaded for a user who named the engine.
 */
function deviceOfTensorflow({ workingDirectory }: { readonly workingDirectory: boolean }): Promise<string | null> {
  const before = found.get(workingDirectory);
  if (before !== undefined) return before;
  const answer = (async () => {
    const importModule = workingDirectory ? importPackage : importInstalledPackage;
    if (!(await isInstalled('@tensorflow/tfjs-node-gpu', importModule))) return null;
    const resolved = { engine: 'tfjs-node-gpu', device: 'gpu', threads: availableParallelism() } as const;
    const { description } = await probe(resolved, { workingDirectory });
    return description.usable ? description.device : null;
  })();
  found.set(workingDirectory, answer);
  return answer;
}

async function isInstalled(name: string, importModule = importPackage): Promise<boolean> {
  return importModule(`${name}/package.json`).then(
    () => true,
    (error: unknown) => !isNotFound(error),
  );
}

/**
 * The folder of a package that an engine would load from the working directory, because it is not installed beside probprec;
 * null when there is none. Runs no code.
 */
export function workingDirectoryPackage(engine: EngineName): string | null {
  if (engine === 'onnxruntime') return null;
  const folders = variants[engine].packages.map(packageOfWorkingDirectory);
  return folders.find((folder) => folder !== null) ?? null;
}

/** {@link workingDirectoryPackage} of the engine that options name; a name that is not known is not checked here. */
export function workingDirectoryCode({ engine = 'auto', device }: EngineOptions): string | null {
  const named = engine === 'auto' && device !== undefined ? enginesWith(device)[0] : engine;
  const known = engineNames().find((name) => name === named);
  return known === undefined ? null : workingDirectoryPackage(known);
}

/** Opens an engine. Throws ConfigurationError, and EngineError, one line that says what is missing. */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const resolved = await resolveEngine(options);
  await tryElsewhere(resolved);
  return openHere(resolved);
}

/**
 * Throws what `openEngine` would, as far as that is known without loading the engine: before much work is done for nothing.
 */
export async function checkEngine(options: EngineOptions): Promise<void> {
  const resolved = await resolveEngine(options);
  await tryElsewhere(resolved);
  if (resolved.engine === 'onnxruntime') return;
  const installed = await Promise.all(variants[resolved.engine].packages.map((name) => isInstalled(name)));
  if (installed.includes(false)) await (await openHere(resolved)).dispose();
}

const tried = new Map<string, Promise<ProbeReport>>();

/** Broken graphics drivers crash or abort, and what they say goes to stderr: such a device is tried in another process, once. */
async function tryElsewhere(resolved: ResolvedEngine): Promise<void> {
  const { engine, device } = resolved;
  if (engine !== 'onnxruntime' || device === 'cpu') return;
  const report = tried.get(device) ?? probe(resolved);
  tried.set(device, report);
  const { usable, reason, fault = reason } = (await report).description;
  if (!usable) throw new EngineError(fault);
}
