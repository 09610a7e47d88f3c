import type { Shape } from '../../tensor/index.js';

/** A tensor of a plan, by number. */
export type Slot = number;

/** Inputs of a kernel, by the kernel's own names; a list for kernels that take any number of tensors. */
export type KernelInputs = Readonly<Record<string, Slot>> | readonly Slot[];

/** One call of a kernel. */
export interface KernelCall {
  readonly kernel: string;
  readonly inputs: KernelInputs;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly output: Slot;
  /** Tensors of earlier calls that no later one needs and that are not outputs: they are disposed after this call. */
  readonly spent: readonly Slot[];
}

/** A filled tensor that is made once and kept as long as the plan. */
export interface Constant {
  readonly slot: Slot;
  readonly shape: Shape;
  readonly value: number;
}

/** A program as calls of kernels, one after the other. */
export interface Plan {
  readonly inputs: ReadonlyMap<string, Slot>;
  readonly constants: readonly Constant[];
  readonly calls: readonly KernelCall[];
  /** Every output has a tensor of its own, made by one of the calls. */
  readonly outputs: ReadonlyMap<string, Slot>;
  /** Number of tensors. */
  readonly size: number;
}

/** Collects kernel calls. Kernels are pure, so that equal calls on equal inputs become one. */
export class PlanBuilder {
  readonly #inputs = new Map<string, Slot>();
  readonly #constants = new Map<string, Constant>();
  readonly #calls: Omit<KernelCall, 'spent'>[] = [];
  readonly #known = new Map<string, Slot>();
  readonly #outputs = new Map<string, Slot>();
  #size = 0;

  /** A tensor that is fed. */
  input(name: string): Slot {
    const slot = this.#size++;
    this.#inputs.set(name, slot);
    return slot;
  }

  /** A tensor filled with one value. */
  constant(value: number, shape: Shape = []): Slot {
    const key = `${Object.is(value, -0) ? '-0' : value}:${shape.join(',')}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known.slot;
    const slot = this.#size++;
    this.#constants.set(key, { slot, shape: [...shape], value });
    return slot;
  }

  /** The tensor that a kernel makes. */
  call(kernel: string, inputs: KernelInputs, attributes: Readonly<Record<string, unknown>> = {}): Slot {
    const key = `${kernel} ${JSON.stringify(inputs)} ${JSON.stringify(attributes)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const output = this.#append(kernel, inputs, attributes);
    this.#known.set(key, output);
    return output;
  }

  /** Hands a tensor out. One that is fed, constant or handed out already is handed out as another tensor on the same data. */
  output(name: string, slot: Slot): void {
    const made = this.#calls.some(({ output }) => output === slot);
    const taken = [...this.#outputs.values()].includes(slot);
    this.#outputs.set(name, made && !taken ? slot : this.#append('Identity', { x: slot }, {}));
  }

  #append(kernel: string, inputs: KernelInputs, attributes: Readonly<Record<string, unknown>>): Slot {
    const output = this.#size++;
    this.#calls.push({ kernel, inputs, attributes, output });
    return output;
  }

  /** The plan, without calls that nothing needs, and with every tensor disposed after its last use. */
  build(): Plan {
    const made = new Set(this.#calls.map(({ output }) => output));
    const kept = new Set(this.#outputs.values());
    const needed = new Set(kept);
    const calls: KernelCall[] = [];
    for (const call of this.#calls.toReversed()) {
      if (!needed.has(call.output)) continue;
      const last = new Set(Object.values(call.inputs).filter((slot) => !needed.has(slot)));
      for (const slot of last) needed.add(slot);
      calls.push({ ...call, spent: [...last].filter((slot) => made.has(slot)) });
    }
    return {
      inputs: this.#inputs,
      constants: [...this.#constants.values()].filter(({ slot }) => needed.has(slot)),
      calls: calls.reverse(),
      outputs: this.#outputs,
      size: this.#size,
    };
  }
}
