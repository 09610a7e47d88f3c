import { createHash } from 'node:crypto';
import { ShapeError } from '../errors.js';
import { inputOperation } from './operations/input.js';
import { describe } from './shape-rules.js';
import type { Attributes, Tensor } from './tensor.js';

/** A computation as data: named inputs to named outputs. */
export interface Program {
  /** The inputs that the outputs depend on, by name. */
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: ReadonlyMap<string, Tensor>;
  /** Every node once, inputs before their users. */
  readonly nodes: readonly Tensor[];
}

/** Every tensor that the given ones depend on, themselves included, in topological order. */
export function nodesOf(outputs: Iterable<Tensor>): Tensor[] {
  const seen = new Set<Tensor>();
  const waiting = [...outputs];
  for (let tensor = waiting.pop(); tensor !== undefined; tensor = waiting.pop()) {
    if (seen.has(tensor)) continue;
    seen.add(tensor);
    waiting.push(...tensor.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** The program that computes the outputs. Throws when two different inputs share a name. */
export function program(outputs: Readonly<Record<string, Tensor>>): Program {
  const named = new Map(Object.entries(outputs));
  const nodes = nodesOf(named.values());
  const inputs = new Map<string, Tensor>();
  for (const node of nodes) {
    if (node.operation !== inputOperation) continue;
    const name = String(node.attributes.name);
    if (inputs.has(name)) throw new ShapeError({ subject: 'program', what: `two inputs are named ${name}` });
    inputs.set(name, node);
  }
  return { inputs, outputs: named, nodes };
}

/** A node's attributes as text that tells all values apart, also the numbers that JSON does not: NaN, ±∞ and −0. */
export function printAttributes(attributes: Attributes): string[] {
  return Object.entries(attributes).map(([name, value]) => {
    const special = typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0));
    return `${name}=${special ? (value === 0 ? '-0' : String(value)) : JSON.stringify(value)}`;
  });
}

/** The program as text, a line per node: for people, and the basis of its hash. */
export function printProgram({ nodes, outputs }: Program): string {
  const position = new Map(nodes.map((node, index) => [node, index]));
  const lines = nodes.map((node, index) => {
    const inputs = node.inputs.map((input) => `%${position.get(input)}`).join(', ');
    const parts = [inputs, ...printAttributes(node.attributes)].filter(Boolean).join(', ');
    return `%${index} = ${node.operation.name}(${parts}) : ${describe(node)}`;
  });
  const results = [...outputs].map(([name, tensor]) => `${name}: %${position.get(tensor)}`);
  return `${lines.join('\n')}\nreturn ${results.join(', ')}\n`;
}

/** SHA-256 of the printed program: equal for programs that compute the same thing in the same way. */
export function hashProgram(subject: Program): string {
  return createHash('sha256').update(printProgram(subject)).digest('hex');
}
