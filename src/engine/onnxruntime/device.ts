import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { EngineError } from '../../errors.js';
import { option, say, type Words } from '../../words.js';
import { checkDevice } from '../catalogue.js';
import type * as ort from './library.js';

/** Where ONNX Runtime computes. */
export type OnnxDevice = 'cpu' | 'webgpu' | 'cuda';

/** The device of this name. Throws ConfigurationError. */
export function onnxDevice(name: string): OnnxDevice {
  checkDevice('onnxruntime', name);
  return name as OnnxDevice;
}

/** The options of a session that choose the device. Operators that the device has no kernel for run on the processor. */
export function sessionDevice(device: OnnxDevice): Pick<ort.InferenceSession.SessionOptions, 'executionProviders'> {
  return device === 'cpu' ? {} : { executionProviders: [device] };
}

/** The installed package's folder and version, found without loading it. Throws when it is not installed. */
function installation(): { folder: string; version: string } {
  const require = createRequire(import.meta.url);
  const file = require.resolve('onnxruntime-node/package.json');
  return { folder: dirname(file), version: (require(file) as { version: string }).version };
}

/** The version of onnxruntime-node that is installed; null where it is not. */
export function onnxruntimeVersion(): string | null {
  try {
    return installation().version;
  } catch {
    return null;
  }
}

/**
 * Checks by files and platform, without loading the library, that the device can be there at all. Throws EngineError, one
 * line that says what is missing and how to get it.
 */
export function checkOnnxDevice(device: OnnxDevice): void {
  if (device !== 'cuda') return;
  const { platform, arch } = process;
  if (platform !== 'linux' || arch !== 'x64') {
    throw unusable(
      'cuda',
      `found ${platform} ${arch}, expected linux x64: ONNX Runtime's Node package has CUDA only there`,
    );
  }
  const library = 'libonnxruntime_providers_cuda.so';
  if (!existsSync(join(installation().folder, 'bin', 'napi-v6', platform, arch, library))) {
    throw unusable(
      'cuda',
      `${library} is missing; ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js downloads it; it needs an NVIDIA driver, CUDA 12 and cuDNN 9`,
    );
  }
}

/** Names of the libraries that the CUDA provider loads. */
const cudaLibrary = /lib(cudart|cublas\w*|cufft|curand|cudnn\w*|nvrtc)\.so[.\d]*/;

/** What the libraries say when a device does not open, and what that means. The first that matches counts. */
const explanations: readonly { readonly device: OnnxDevice; readonly said: RegExp; readonly meaning: Words }[] = [
  {
    device: 'webgpu',
    said: /backend not found/,
    meaning: say`onnxruntime-node has no WebGPU for ${process.platform} ${process.arch}; ${option('device', 'cpu')} works everywhere`,
  },
  {
    device: 'webgpu',
    said: /Couldn't load Vulkan/,
    meaning: 'libvulkan.so.1 is missing; install the Vulkan loader (Debian, Ubuntu: apt-get install libvulkan1)',
  },
  {
    device: 'webgpu',
    said: /Found no drivers|VK_ERROR_INCOMPATIBLE_DRIVER/,
    meaning:
      "no Vulkan driver is installed; install the GPU's (NVIDIA: its own; AMD, Intel: apt-get install mesa-vulkan-drivers), or see docs/engines.md",
  },
  {
    device: 'webgpu',
    said: /No supported adapters|Failed to get a WebGPU adapter/,
    meaning: 'no graphics adapter that ONNX Runtime accepts; a GPU with a current driver is needed',
  },
  {
    device: 'cuda',
    said: cudaLibrary,
    meaning: 'a library of CUDA 12 or cuDNN 9 did not load; install both and name their folder in LD_LIBRARY_PATH',
  },
  {
    device: 'cuda',
    said: /no CUDA-capable device|driver version is insufficient|CUDA failure (35|100)/i,
    meaning: 'no NVIDIA GPU with a driver for CUDA 12 was found; nvidia-smi must list one',
  },
];

/** The error for a device that did not open, if what the libraries said is understood. */
export function explainDevice(device: OnnxDevice, said: string, cause?: unknown): EngineError | null {
  const known = explanations.find((entry) => entry.device === device && entry.said.test(said));
  if (known === undefined) return null;
  const library = cudaLibrary.exec(said)?.[0];
  return unusable(device, library === undefined ? known.meaning : say`${library}: ${known.meaning}`, cause);
}

/** The error for a device that did not open. */
export function deviceError(device: OnnxDevice, cause: unknown): EngineError {
  const said = cause instanceof Error ? cause.message : String(cause);
  const [firstLine = ''] = said.split('\n');
  return explainDevice(device, said, cause) ?? unusable(device, firstLine, cause);
}

function unusable(device: OnnxDevice, why: Words, cause?: unknown): EngineError {
  const fault = { subject: option('device', device), what: why };
  return new EngineError(fault, cause === undefined ? undefined : { cause });
}
