import { ConfigurationError } from '../errors.js';
import { input, type Shape, sameShape, sizeOf, type Tensor } from '../tensor/index.js';
import type { Initialisation } from './choice.js';
import type { Initialiser } from './initialisers.js';
import { inputNames } from './names.js';
import type { Distribution, NoiseDefinition } from './noise.js';
import type { Mode, ParameterKind, ParameterOptions, Scope, StateCell, StateOptions } from './scope.js';

/** A trainable tensor as it was declared. */
export interface TracedParameter {
  readonly name: string;
  readonly shape: Shape;
  readonly initial: Initialiser;
  /** Whether PyTorch's layer starts with something else; null where the layer says nothing about PyTorch. */
  readonly unlikePytorch: boolean | null;
  readonly kind: ParameterKind;
  readonly regularised: boolean;
  /** The path of the scope that declared it. */
  readonly scope: string;
  readonly tensor: Tensor;
}

/** A fixed tensor that the loss needs. */
export interface ConstantDefinition {
  readonly shape: Shape;
  readonly data: () => Float32Array;
}

/** A value that is carried from minibatch to minibatch. */
export interface StateDefinition {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: 'float';
  /** The value before the first minibatch. */
  readonly initial: Float32Array;
  /** Whether it is kept over the run or starts anew with each pass over a data set (StateOptions). */
  readonly per: 'run' | 'pass';
}

/** A computation and everything that it declared, in order. */
export interface Trace<Result> {
  readonly result: Result;
  readonly parameters: readonly TracedParameter[];
  readonly constants: ReadonlyMap<string, ConstantDefinition>;
  readonly states: readonly StateDefinition[];
  /** The states' values after the minibatch, by name; in evaluation only those that start anew with each pass. */
  readonly nextStates: Readonly<Record<string, Tensor>>;
  readonly noises: readonly NoiseDefinition[];
}

/** How a computation is traced. */
export interface TraceOptions {
  readonly mode: Mode;
  /** Default `deepobs`: what layers and test problem state. */
  readonly init?: Initialisation | undefined;
  /** The initialiser of parameters whose layer states none. */
  readonly initialOf?: (kind: ParameterKind) => Initialiser | undefined;
  /** The parameters' tensors where they exist already; then no others may be declared. */
  readonly parameters?: ReadonlyMap<string, Tensor>;
}

/** Runs a computation in a scope and collects what it declares. */
export function traceModel<Result>(compute: (scope: Scope) => Result, options: TraceOptions): Trace<Result> {
  const declarations = new Declarations(options);
  const result = compute(declarations.scope(''));
  const { parameters, constants, states, noises } = declarations;
  return { result, parameters, constants, states, noises, nextStates: Object.fromEntries(declarations.nextStates) };
}

class Declarations {
  readonly options: TraceOptions;
  readonly parameters: TracedParameter[] = [];
  readonly constants = new Map<string, ConstantDefinition>();
  readonly states: StateDefinition[] = [];
  readonly nextStates = new Map<string, Tensor>();
  readonly noises: NoiseDefinition[] = [];
  readonly #names = new Set<string>();
  readonly #scopes = new Map<string, Scope>();

  constructor(options: TraceOptions) {
    this.options = options;
  }

  /** The scope at a path: always the same one, so that its layers are numbered on. */
  scope(path: string): Scope {
    const scope = this.#scopes.get(path) ?? new DeclaringScope(this, path);
    this.#scopes.set(path, scope);
    return scope;
  }

  claim(name: string): void {
    if (this.#names.has(name)) {
      throw new ConfigurationError({
        what: `a network declares ${name} twice`,
        expected: 'each name once',
        remedy: 'use the tensor twice',
      });
    }
    this.#names.add(name);
  }
}

class DeclaringScope implements Scope {
  readonly path: string;
  readonly #declarations: Declarations;
  readonly #counts = new Map<string, number>();

  constructor(declarations: Declarations, path: string) {
    this.#declarations = declarations;
    this.path = path;
  }

  get mode(): Mode {
    return this.#declarations.options.mode;
  }

  child(name: string): Scope {
    return this.#declarations.scope(this.#inside(name));
  }

  next(kind: string): Scope {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    return this.child(`${kind}${count}`);
  }

  parameter(name: string, shape: Shape, own: Initialiser | undefined, options: ParameterOptions): Tensor {
    const path = this.#claim(name);
    const { kind, regularised = kind !== 'bias' && kind !== 'gain', pytorch } = options;
    const { init, initialOf, parameters: known } = this.#declarations.options;
    const stated = own ?? initialOf?.(kind);
    const initial = init === 'pytorch' ? (pytorch ?? stated) : (stated ?? pytorch);
    const unlikePytorch = pytorch === undefined ? null : stated !== undefined && stated !== pytorch;
    if (initial === undefined) {
      throw new ConfigurationError({
        what: `parameter ${path} has no initialiser`,
        remedy: `give its layer one, or state one for kind ${kind} in the test problem`,
      });
    }
    const tensor = known === undefined ? input(inputNames.parameter(path), shape) : known.get(path);
    if (tensor === undefined || !sameShape(tensor.shape, shape)) {
      const before = tensor === undefined ? 'nothing' : `shape [${tensor.shape.join(', ')}]`;
      throw new ConfigurationError({
        subject: `parameter ${path}`,
        found: `shape [${shape.join(', ')}] here and ${before} in training on another batch size`,
        expected: 'the same parameters always',
      });
    }
    const declared = { name: path, shape, initial, unlikePytorch, kind, regularised };
    this.#declarations.parameters.push({ ...declared, scope: this.path, tensor });
    return tensor;
  }

  constant(name: string, shape: Shape, data: () => Float32Array): Tensor {
    const path = this.#claim(name);
    this.#declarations.constants.set(path, { shape, data });
    return input(inputNames.constant(path), shape);
  }

  state(name: string, shape: Shape, initial: number, { per = 'run' }: StateOptions = {}): StateCell {
    const path = this.#claim(name);
    const { states, nextStates } = this.#declarations;
    states.push({ name: path, shape, dtype: 'float', initial: new Float32Array(sizeOf(shape)).fill(initial), per });
    const value = input(inputNames.state(path), shape);
    const changes = this.mode === 'train' || per === 'pass';
    if (changes) nextStates.set(path, value);
    return {
      value,
      set(next) {
        if (!sameShape(next.shape, shape)) {
          throw new ConfigurationError({
            subject: `state ${path}`,
            what: `its next value has shape [${next.shape.join(', ')}]`,
            expected: `[${shape.join(', ')}]`,
          });
        }
        if (changes) nextStates.set(path, next);
      },
    };
  }

  noise(name: string, shape: Shape, distribution: Distribution): Tensor {
    const path = this.#claim(name);
    this.#declarations.noises.push({ name: path, shape, distribution });
    return input(inputNames.noise(path), shape);
  }

  #inside(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }

  #claim(name: string): string {
    const path = this.#inside(name);
    this.#declarations.claim(path);
    return path;
  }
}
