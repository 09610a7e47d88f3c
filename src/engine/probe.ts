import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { option, say } from '../words.js';
import type { EngineDescription } from './description.js';
import { explainDevice, onnxDevice } from './onnxruntime/device.js';
import type { ResolvedEngine } from './open.js';
import { reasonOf, reasonOfFault } from './reason-of.js';

/** What a process that tried an engine and device reports. */
export interface ProbeReport {
  readonly description: EngineDescription;
  /** Speed of a large matrix product in 10⁹ operations per second; null where it was not measured. */
  readonly gigaflops: number | null;
}

/** A driver that says nothing for so long hangs. */
const PATIENCE_MS = 60_000;

/** The built entry of the process, found from the sources as well: Node runs no TypeScript. */
function childModule(): string {
  const root = dirname(createRequire(import.meta.url).resolve('probprec/package.json'));
  return join(root, 'dist', 'src', 'engine', 'probe-child.js');
}

/** What is tried, and whether the packages of the working directory may be run for it: only if the user named the engine. */
export interface ProbeOptions {
  readonly speed?: boolean;
  readonly workingDirectory?: boolean;
}

/** Tries an engine and device in a process of its own, since a native library may end its process. Never rejects. */
export async function probe(
  resolved: ResolvedEngine,
  { speed = false, workingDirectory = false }: ProbeOptions = {},
): Promise<ProbeReport> {
  const { engine, device, threads } = resolved;
  const args = [childModule(), engine, device, String(threads), speed ? 'speed' : 'nothing'];
  if (workingDirectory) args.push('working-directory');
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: PATIENCE_MS });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code, signal] = await once(child, 'close').catch((error: Error): [string, null] => [error.message, null]);
  const report = lastLineOf(stdout);
  if (report !== null) return explained(report, stderr);
  const how = child.killed ? `gave no answer in ${PATIENCE_MS / 1000} s` : `ended with ${signal ?? `code ${code}`}`;
  const reason = reasonOfFault({
    subject: option('device', device),
    what: `the library of ${engine} ${how}`,
    remedy: say`its driver is broken or not supported, another ${option('device')} or ${option('engine')} does not need it`,
  });
  return {
    description: { name: engine, device, installed: true, usable: false, ...reason, version: null, default: false },
    gigaflops: null,
  };
}

function lastLineOf(stdout: string): ProbeReport | null {
  try {
    return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as ProbeReport;
  } catch {
    return null;
  }
}

/** Graphics libraries say on stderr what is missing, and ONNX Runtime only that there is no device. */
function explained(report: ProbeReport, stderr: string): ProbeReport {
  const { description } = report;
  if (description.usable || description.name !== 'onnxruntime' || description.device === 'cpu') return report;
  const explanation = explainDevice(onnxDevice(description.device), stderr);
  return explanation === null ? report : { ...report, description: { ...description, ...reasonOf(explanation) } };
}
