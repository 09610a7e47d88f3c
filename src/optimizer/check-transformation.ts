import { FileError } from '../errors.js';
import {
  add,
  dot,
  gradients,
  input,
  leavesOf,
  mapLeaves,
  nodesOf,
  program,
  type Shape,
  sameShape,
  type Tensor,
  TensorOrigins,
} from '../tensor/index.js';
import type { ParameterKind } from '../testproblem/index.js';
import { describeError, display, UserCode } from '../user-file/user-code.js';
import { option } from '../words.js';
import type { OptimizerDefinition } from './define-optimizer.js';
import { initContext, updateContext } from './rule-context.js';
import { StepRecorder } from './step-recorder.js';
import type { Hyperparameters } from './training.js';
import type { State, Transformation } from './transformation.js';

/** What is likely where a number stands for a tensor. */
const ARITHMETIC = "Math.… and JavaScript's operators know no tensors: use tensor.sign(x), tensor.multiply(x, 2), …";

/** What a check may know besides the definition. */
export interface TransformationCheck {
  /** Shapes of parameters to try it on. */
  readonly shapes?: readonly Shape[];
  /** The files of the user's code, absolute: errors then name the line. */
  readonly modules?: readonly string[];
}

/**
 * Tries a user's transformation on symbolic parameters, so that a mistake in it is reported before anything is trained:
 * each update must be a tensor of its parameter's shape and type, and the new state must be like the one that `init`
 * returns. Throws FileError, one line.
 */
export function checkTransformation(
  file: string,
  definition: OptimizerDefinition,
  hyperparameters: Hyperparameters,
  { shapes = [[2, 3]], modules = [] }: TransformationCheck = {},
): void {
  if (!definition.transformation) return;
  const code = new UserCode(file, modules, 'optimizer');
  const trial = new Trial(file, code, shapes);
  const { transformation: create, learningRate = 'lr' } = definition;
  const scheduled = learningRate !== null && typeof hyperparameters[learningRate] === 'number';
  const rate = scheduled ? input('setting/lr', []) : null;
  const transformation = trial.attempt('transformation', () => create(hyperparameters, rate));
  if ('hostScalars' in transformation) {
    throw trial.fault(
      'its transformation has hostScalars, which are not supported; expected scalar((t) => …) of the context',
    );
  }
  trial.update(transformation, rate);
}

/** One update of symbolic parameters. */
class Trial {
  readonly #file: string;
  readonly #code: UserCode;
  readonly #parameters: readonly Tensor[];
  readonly #origins: TensorOrigins;

  constructor(file: string, code: UserCode, shapes: readonly Shape[]) {
    this.#file = file;
    this.#code = code;
    this.#origins = new TensorOrigins((error) => code.place(error));
    this.#parameters = shapes.map((shape, index) => input(`parameter/example${index}`, shape));
  }

  fault(text: string, cause?: unknown): FileError {
    return new FileError({ subject: option('optimizer', this.#file), what: text }, { cause });
  }

  /** A fault with the line where the tensor was made that it is about, else where the function stands that gave it. */
  #faultOf(part: 'init' | 'update', value: unknown, text: string): FileError {
    const origin = this.#origins.suffix(value);
    const place = origin === '' ? this.#code.placeOfProperty(part) : null;
    return this.fault(`${text}${place === null ? origin : ` (${place})`}`);
  }

  attempt<T>(part: string, body: () => T, hint = ''): T {
    try {
      return this.#origins.during(body);
    } catch (cause) {
      const place = this.#code.place(cause);
      const reason = place === null ? describeError(cause) : `${place}: ${describeError(cause)}`;
      const shapes = this.#parameters.map(({ shape }) => shown(shape)).join(', ');
      throw this.fault(`its ${part} fails on parameters of shape ${shapes}: ${hint}${reason}`, cause);
    }
  }

  update(transformation: Transformation, learningRate: Tensor | null): void {
    const parameters = this.#parameters;
    const rule = {
      parameters,
      names: parameters.map((_, index) => `example${index}`),
      kinds: parameters.map(({ shape }) => kindOf(shape)),
      stepsPerEpoch: 10,
    };
    const start = new StepRecorder(0);
    const before: unknown = this.attempt('init', () => transformation.init(parameters, initContext(start, rule)));
    this.#checkTree(before, 'init', 'gives');
    const missed = new Set<string>();
    const inputs = mapLeaves(before as State, ({ shape, dtype }, path) => input(`state/${path}`, shape, dtype));
    const loss = parameters.map((parameter) => dot(parameter, parameter)).reduce((sum, term) => add(sum, term));
    const updates = parameters.map(({ shape }, index) => input(`gradient/example${index}`, shape));
    const recorder = new StepRecorder(1);
    const materials = { loss, gradients: gradients(loss, parameters) };
    const context = updateContext(recorder, rule, materials, { state: watched(inputs, missed), learningRate });
    let result: unknown;
    try {
      result = this.#origins.during(() => transformation.update(updates, context));
    } catch (cause) {
      const names = leavesOf<Tensor>(before as State).map(([path]) => path);
      const hint =
        missed.size === 0
          ? ''
          : `it reads the state ${[...missed].join(', ')}, which its init does not return (it returns ${names.join(', ') || 'no state'}): `;
      this.attempt(
        'update',
        () => {
          throw cause;
        },
        hint,
      );
    }
    const { updates: given, state: after } = isRecord(result) ? result : {};
    if (!Array.isArray(given) || typeof after !== 'object' || after === null) {
      throw this.#faultOf(
        'update',
        null,
        `its update returns ${display(result)}, expected { updates: [ … ], state: { … } }`,
      );
    }
    const nan = nodesOf(given.filter(isTensor)).find(
      ({ operation, attributes }) => operation.name === 'constant' && Number.isNaN(attributes.value),
    );
    if (nan !== undefined) throw this.#faultOf('update', nan, `the number NaN is part of its update; ${ARITHMETIC}`);
    this.#checkUpdates(given);
    this.#checkState(before as State, after);
    const states = leavesOf<Tensor>(after as State).map(([, tensor]) => tensor);
    const outputs = Object.fromEntries([...given, ...states].map((tensor, index) => [String(index), tensor]));
    const made = this.attempt('update', () => program(outputs as Record<string, Tensor>));
    const named = [...recorder.scalars, ...recorder.randoms].map((asked) => asked.input);
    const known = new Set([
      ...[...updates, ...parameters, ...recorder.hostCalls.flatMap((call) => call.outputs)].map(nameOf),
      ...leavesOf<Tensor>(inputs).map(([, tensor]) => nameOf(tensor)),
      ...(learningRate === null ? [] : [nameOf(learningRate)]),
      ...named,
    ]);
    const unfed = [...made.inputs.keys()].find((name) => !known.has(name));
    if (unfed !== undefined) throw this.fault(`its update uses the input ${unfed}, which has no value`);
  }

  /** Throws unless a state is made of tensors, in lists and records. */
  #checkTree(tree: unknown, part: 'init' | 'update', verb: string): void {
    const walk = (branch: unknown, path: string): void => {
      if (isTensor(branch)) return;
      if (!isRecord(branch) && !Array.isArray(branch)) {
        throw this.#faultOf(
          part,
          null,
          path === ''
            ? `its ${part} returns ${display(branch)}, expected an object of named tensors`
            : `its ${part} ${verb} ${display(branch)} as the state ${path}, expected a tensor`,
        );
      }
      for (const [name, below] of Object.entries(branch)) walk(below, path === '' ? name : `${path}.${name}`);
    };
    walk(tree, '');
  }

  #checkUpdates(updates: readonly unknown[]): void {
    if (updates.length !== this.#parameters.length) {
      throw this.#faultOf(
        'update',
        null,
        `its update returns ${updates.length} updates for ${this.#parameters.length} parameters, expected one for each`,
      );
    }
    for (const [index, { shape, dtype }] of this.#parameters.entries()) {
      const update = updates[index];
      if (isTensor(update) && sameShape(update.shape, shape) && update.dtype === dtype) continue;
      throw this.#faultOf(
        'update',
        update,
        `its update of a parameter of shape ${shown(shape)} is ${found(update)}, expected a tensor of type ${dtype} and shape ${shown(shape)}`,
      );
    }
  }

  #checkState(before: State, after: unknown): void {
    const known = new Map(leavesOf<Tensor>(before));
    const walk = (branch: unknown, path: string): [path: string, value: unknown][] =>
      isTensor(branch) || typeof branch !== 'object' || branch === null
        ? [[path, branch]]
        : Object.entries(branch).flatMap(([name, below]) => walk(below, path === '' ? name : `${path}.${name}`));
    const returned = new Map(walk(after, ''));
    const unknown = [...returned.keys()].find((path) => !known.has(path));
    if (unknown !== undefined)
      throw this.#faultOf(
        'update',
        returned.get(unknown),
        `its update returns the state ${unknown}, which its init does not return`,
      );
    for (const [path, first] of known) {
      const { shape, dtype } = first;
      const value = returned.get(path);
      if (value === undefined) {
        throw this.#faultOf('update', first, `its update does not return the state ${path}, which its init returns`);
      }
      if (isTensor(value) && sameShape(value.shape, shape) && value.dtype === dtype) continue;
      throw this.#faultOf(
        'update',
        value,
        `its update gives ${found(value)} as the state ${path}, expected a tensor of type ${dtype} and shape ${shown(shape)} as from its init`,
      );
    }
  }
}

/** The state; names that are read and not there are added to `missed`. */
function watched(state: State, missed: Set<string>, path = ''): State {
  if (isTensor(state)) return state;
  const below = (name: string | number) => (path === '' ? String(name) : `${path}.${name}`);
  if (Array.isArray(state)) return state.map((branch: State, index) => watched(branch, missed, below(index)));
  const branches = Object.entries(state as Readonly<Record<string, State>>);
  const inside = Object.fromEntries(branches.map(([name, branch]) => [name, watched(branch, missed, below(name))]));
  return new Proxy(inside, {
    get: (target, name) => {
      if (typeof name === 'string' && !(name in target)) missed.add(below(name));
      return Reflect.get(target, name) as unknown;
    },
  });
}

function nameOf({ attributes }: Tensor): string {
  return String(attributes.name);
}

/** What a shape says of a parameter's kind. */
function kindOf(shape: Shape): ParameterKind {
  if (shape.length < 2) return 'bias';
  return shape.length === 4 ? 'kernel' : 'matrix';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTensor(value: unknown): value is Tensor {
  return isRecord(value) && 'operation' in value && Array.isArray(value.shape) && typeof value.dtype === 'string';
}

function shown(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

function found(value: unknown): string {
  if (isTensor(value)) return `a tensor of type ${value.dtype} and shape ${shown(value.shape)}`;
  return typeof value === 'number' ? `the number ${value} (${ARITHMETIC})` : display(value);
}
