import { createRequire } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { EngineError } from '../../errors.js';

/**
 * ONNX Runtime's Node package reports its use to its maker: it looks up a host of his, keeps a device id and a database of
 * events in the user's cache folder, and opens a log under a predictable name in the system's temporary folder. The library
 * reads this variable of the process' environment when it is loaded, and does none of that when it is 1.
 */
const SWITCH = 'ORT_DISABLE_TELEMETRY';

/**
 * Switches the telemetry off for this process and for those that it starts; the library must not be loaded yet. In a worker
 * thread `process.env` is a copy that native code does not see: there the main thread must have done it. Throws EngineError.
 */
function disableTelemetry(): void {
  if (!isMainThread && nativeVariable(SWITCH) !== '1') {
    throw new EngineError({
      subject: 'the onnxruntime engine',
      what: 'a worker thread cannot switch its telemetry off',
      remedy: `set process.env.${SWITCH} = '1' in the main thread first`,
    });
  }
  process.env[SWITCH] = '1';
}

/** A variable as native code sees it, from any thread: Node's diagnostic report reads the process' own environment. */
function nativeVariable(name: string): string | undefined {
  const report = process.report as typeof process.report & { excludeNetwork?: boolean };
  // With the network interfaces in it, a report looks names up.
  report.excludeNetwork = true;
  const { environmentVariables } = report.getReport() as { environmentVariables?: Readonly<Record<string, string>> };
  return environmentVariables?.[name];
}

// Importing this module does it: an import statement cannot call a function before the next one.
disableTelemetry();
// Here and not by an import: Node 20 reports an error of an imported CommonJS module twice, and the second time nobody can
// catch it. That happens where the addon cannot be mapped (a limit of memory, another processor).
createRequire(import.meta.url)('onnxruntime-node');
