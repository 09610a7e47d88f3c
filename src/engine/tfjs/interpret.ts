import { EngineError } from '../../errors.js';
import { present } from '../../expect.js';
import type { TfEngine, TfTensor } from './library.js';
import type { KernelCall, Plan, Slot } from './plan.js';

/** The tensors that a plan keeps between its runs. */
export function makeConstants(plan: Plan, engine: TfEngine): Map<Slot, TfTensor> {
  // The Fill kernel fills on the device; tf.ones and tf.zeros would build arrays here and send them there.
  return new Map(
    plan.constants.map(({ slot, shape, value }) => [
      slot,
      single(engine.runKernel('Fill', {}, { shape: [...shape], value, dtype: 'float32' })),
    ]),
  );
}

/**
 * Calls a plan's kernels one after the other; returns its outputs' tensors, in the plan's order. Each intermediate tensor is
 * disposed after its last use, and all of them when a kernel fails.
 */
export function interpret(
  plan: Plan,
  engine: TfEngine,
  constants: ReadonlyMap<Slot, TfTensor>,
  feeds: ReadonlyMap<Slot, TfTensor>,
): TfTensor[] {
  const tensors: (TfTensor | undefined)[] = new Array(plan.size);
  const taken = (slot: Slot): TfTensor =>
    present(tensors[slot] ?? constants.get(slot) ?? feeds.get(slot), `tensor ${slot} of the plan`);
  const dispose = (slot: Slot) => {
    tensors[slot]?.dispose();
    tensors[slot] = undefined;
  };
  try {
    for (const call of plan.calls) {
      tensors[call.output] = runKernel(call, engine, taken);
      for (const slot of call.spent) dispose(slot);
    }
    return [...plan.outputs.values()].map(taken);
  } catch (error) {
    for (const slot of tensors.keys()) dispose(slot);
    throw error;
  }
}

function runKernel({ kernel, inputs, attributes }: KernelCall, engine: TfEngine, taken: (slot: Slot) => TfTensor) {
  const given = isList(inputs)
    ? inputs.map(taken)
    : Object.fromEntries(Object.entries(inputs).map(([name, slot]) => [name, taken(slot)]));
  try {
    return single(engine.runKernel(kernel, given, attributes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new EngineError({ subject: `TensorFlow.js: ${kernel} failed`, what: reason }, { cause });
  }
}

function isList(inputs: KernelCall['inputs']): inputs is readonly Slot[] {
  return Array.isArray(inputs);
}

function single(result: TfTensor | TfTensor[]): TfTensor {
  return present(Array.isArray(result) ? result[0] : result, "the kernel's tensor");
}
