/**
 * The process in which an engine and device are tried: `probe-child ENGINE DEVICE THREADS speed|nothing
 * [working-directory]`. Prints one line of JSON, a ProbeReport. What a native library does to this process does not happen to the command that asked.
 */
import type { EngineName } from './catalogue.js';
import { describeHere } from './describe-here.js';
import { openHere } from './open.js';
import { measureSpeed } from './speed.js';

const [, , engine, device = '', threads, what, place] = process.argv;
const resolved = { engine: engine as EngineName, device, threads: Number(threads) };
const description = await describeHere(resolved, { workingDirectory: place === 'working-directory' });
let gigaflops: number | null = null;
if (what === 'speed' && description.usable) {
  const opened = await openHere({ ...resolved, device: description.device });
  gigaflops = await measureSpeed(opened);
  await opened.dispose();
}
process.stdout.write(`\n${JSON.stringify({ description, gigaflops })}\n`);
