import type { Engine, Executable, Value } from '../engine/index.js';
import { at } from '../expect.js';
import {
  constantOperation,
  input,
  inputOperation,
  nodesOf,
  program,
  substitute,
  type Tensor,
} from '../tensor/index.js';
import { type HostTensor, numbersOf, onHost } from './host-function.js';
import type { HostCall } from './step-recorder.js';

/** A program in parts, between which the host computes. */
export interface StagedProgram {
  readonly compileSeconds: number;
  /** The inputs that some part reads. */
  readonly inputs: ReadonlySet<string>;
  /** Runs every part; the spent values are given to the last one. */
  run(feeds: Readonly<Record<string, Value>>, spent: Iterable<Value>, t: number): Promise<Record<string, Value>>;
}

/**
 * Compiles outputs that may depend on computations of the host. Part k computes all that the k-th call needs and whatever
 * later parts need of what is known by then; no part computes again what an earlier one has.
 */
export async function compileStaged(
  engine: Engine,
  outputs: Readonly<Record<string, Tensor>>,
  calls: readonly HostCall[],
): Promise<StagedProgram> {
  const stageOf = stagesOf([...Object.values(outputs), ...calls.flatMap(({ inputs }) => inputs)], calls);
  const stage = (tensor: Tensor) => stageOf.get(tensor) ?? 0;
  const wanted: Record<string, Tensor>[] = [...calls, null].map(() => ({}));
  for (const [name, tensor] of Object.entries(outputs)) Object.assign(wanted[stage(tensor)] ?? {}, { [name]: tensor });
  for (const [index, { inputs }] of calls.entries()) {
    for (const [place, tensor] of inputs.entries()) {
      Object.assign(wanted[stage(tensor)] ?? {}, { [argumentName(index, place)]: tensor });
    }
  }
  // From the last part to the first: what a part takes over from earlier ones becomes their output.
  const parts: Readonly<Record<string, Tensor>>[] = [];
  const handed = new Map<Tensor, Tensor>();
  for (const [index, own] of [...wanted.entries()].toReversed()) {
    for (const node of nodesOf(Object.values(own))) {
      if (stage(node) !== index) continue;
      for (const operand of node.inputs) {
        if (stage(operand) >= index || isFree(operand) || handed.has(operand)) continue;
        const name = `handed/${handed.size}`;
        handed.set(operand, input(name, operand.shape, operand.dtype));
        Object.assign(wanted[stage(operand)] ?? {}, { [name]: operand });
      }
    }
    const earlier = new Map([...handed].filter(([tensor]) => stage(tensor) < index));
    const rewritten = substitute(Object.values(own), earlier);
    parts.unshift(Object.fromEntries(Object.keys(own).map((name, place) => [name, at(rewritten, place)])));
  }
  const inputs = new Set<string>();
  const executables: (Executable | null)[] = [];
  for (const part of parts) {
    const compiled = program(part);
    for (const name of compiled.inputs.keys()) inputs.add(name);
    executables.push(compiled.outputs.size === 0 ? null : await engine.compile(compiled));
  }
  return {
    inputs,
    compileSeconds: executables.reduce((total, executable) => total + (executable?.compileSeconds ?? 0), 0),
    run: async (feeds, spent, t) => {
      const [only] = executables;
      if (calls.length === 0) return only ? only.run(feeds, spent) : {};
      const known: Record<string, Value> = { ...feeds };
      const results: Record<string, Value> = {};
      for (const [index, executable] of executables.entries()) {
        const found = (await executable?.run(known, index === calls.length ? spent : [])) ?? {};
        Object.assign(results, found);
        Object.assign(known, found);
        const call = calls[index];
        if (call !== undefined) Object.assign(known, await computed(engine, call, index, results, t));
      }
      return results;
    },
  };
}

/** Calls the host function; its results by the names of their inputs. */
async function computed(
  engine: Engine,
  { inputs, outputs, compute }: HostCall,
  index: number,
  results: Readonly<Record<string, Value>>,
  t: number,
): Promise<Record<string, Value>> {
  const given: HostTensor[] = [];
  for (const place of inputs.keys()) {
    const value = results[argumentName(index, place)];
    if (value !== undefined) given.push(await onHost(engine, value));
  }
  const found = await compute(given, t);
  if (found.length !== outputs.length) {
    throw new RangeError(`onHost: the function returned ${found.length} tensors, expected ${outputs.length}`);
  }
  return Object.fromEntries(
    outputs.map(({ attributes, shape }, place) => [
      String(attributes.name),
      engine.upload(numbersOf(at(found, place)), shape),
    ]),
  );
}

function argumentName(call: number, place: number): string {
  return `argument/${call}/${place}`;
}

/** How many calls must have returned before a tensor can be computed. */
function stagesOf(outputs: readonly Tensor[], calls: readonly HostCall[]): ReadonlyMap<Tensor, number> {
  const stages = new Map<Tensor, number>();
  for (const [index, call] of calls.entries()) for (const output of call.outputs) stages.set(output, index + 1);
  if (calls.length === 0) return stages;
  for (const node of nodesOf(outputs)) {
    if (stages.has(node)) continue;
    const latest = Math.max(0, ...node.inputs.map((operand) => stages.get(operand) ?? 0));
    if (latest > 0) stages.set(node, latest);
  }
  return stages;
}

/** Inputs and constants are at hand in every part. */
function isFree({ operation }: Tensor): boolean {
  return operation === inputOperation || operation === constantOperation;
}
