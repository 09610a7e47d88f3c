import { Matrix } from 'ml-matrix';
import type { Engine, TensorData, Value } from '../../engine/index.js';
import type { Shape } from '../../tensor/index.js';
import type { TrainingState } from '../training.js';
import { at } from '../transformation.js';
import type { DriftState } from './drift.js';
import type { GroupEstimate } from './group-estimates.js';
import type { GroupPrior } from './group-prior.js';
import type { Layer } from './layers.js';
import type { Phase, Reference } from './phases.js';
import { type LayerPosterior, type LeftOut, type Posterior, type PosteriorState, takesPart } from './posterior.js';

/** A phase as plain data: engine values by name, numbers by name, and what JSON can hold. */
interface Parts {
  readonly held: Record<string, Value>;
  readonly numbers: Record<string, Float64Array>;
  readonly values: Record<string, unknown>;
}

/** Everything that the phase and the parameters need to go on. */
export async function savedPhase(
  engine: Engine,
  layers: readonly Layer[],
  phase: Phase | null,
  parameters: Readonly<Record<string, Value>>,
): Promise<TrainingState> {
  const { held, numbers, values } = phase === null ? nothing() : partsOf(phase, layers);
  const arrays: Record<string, TensorData> = { ...numbers };
  const shapes: Record<string, Shape> = {};
  for (const [name, value] of Object.entries({ ...held, ...parameters })) {
    arrays[name] = await engine.download(value);
    shapes[name] = value.shape;
  }
  return { arrays, values: { ...values, phase: phase?.kind ?? null, shapes } };
}

function nothing(): Parts {
  return { held: {}, numbers: {}, values: {} };
}

function partsOf(phase: Phase, layers: readonly Layer[]): Parts {
  switch (phase.kind) {
    case 'prior': {
      const { sumsV, sumsH, moments, minibatches } = phase.state;
      const named = (kind: string, values: readonly Value[]) =>
        Object.fromEntries(values.map((value, index) => [`${kind}/${at(layers, index).name}`, value]));
      const held = { ...named('sum-v', sumsV), ...named('sum-h', sumsH) };
      return { held, numbers: { moments }, values: { minibatches } };
    }
    case 'posterior':
      return posteriorParts(phase.state, layers, phase.groups, phase.reference);
    case 'idle':
      return { held: phase.reference, numbers: groupNumbers(phase.groups), values: { left: phase.left } };
    case 'steps': {
      const { groups, reference, t, inner, preconditioners, drift, signalled } = phase;
      const names = { inner: Object.keys(inner), preconditioners: Object.keys(preconditioners) };
      return {
        held: { ...reference, ...inner, ...preconditioners },
        numbers: groupNumbers(groups),
        values: { t, drift, signalled, names },
      };
    }
  }
}

function groupNumbers(groups: readonly GroupEstimate[]): Record<string, Float64Array> {
  const rows = groups.map(({ measured: { alpha, w, lambda }, alpha: inForce, usable }) => [
    alpha,
    w,
    lambda,
    inForce,
    usable ? 1 : 0,
  ]);
  return { groups: Float64Array.from(rows.flat()) };
}

function posteriorParts(
  { columns, layers: states }: PosteriorState,
  layers: readonly Layer[],
  groups: readonly GroupEstimate[],
  reference: Reference,
): Parts {
  const held: Record<string, Value> = { ...reference };
  const numbers: Record<string, Float64Array> = groupNumbers(groups);
  const leftOut: Record<string, string> = {};
  for (const [index, { name }] of layers.entries()) {
    const state = at(states, index);
    if (!takesPart(state)) {
      leftOut[name] = state.leftOut;
      continue;
    }
    const { ss, sy, yy, lengths } = state.observations;
    numbers[`observations/${name}`] = Float64Array.from([ss, sy, yy].flatMap((matrix) => matrix.to1DArray()));
    numbers[`lengths/${name}`] = Float64Array.from(lengths);
    for (const [column, value] of state.s.entries()) held[`s/${name}/${column}`] = value;
    for (const [column, value] of state.y.entries()) held[`y/${name}/${column}`] = value;
  }
  return { held, numbers, values: { columns, leftOut } };
}

/** The inverse of `savedPhase`. */
export function restoredPhase(
  engine: Engine,
  layers: readonly Layer[],
  { arrays, values }: TrainingState,
  posterior: Posterior | null,
): { readonly phase: Phase | null; readonly parameters: Record<string, Value> } {
  const shapes = values.shapes as Readonly<Record<string, Shape>>;
  const numbers = (name: string): TensorData => {
    const data = arrays[name];
    if (data === undefined) throw new RangeError(`the saved state has no ${name}`);
    return data;
  };
  const held = (name: string): Value => engine.upload(numbers(name), shapes[name] ?? []);
  const heldAll = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, held(name)]));
  const reference = (): Reference => heldAll(Object.keys(shapes).filter((name) => name.startsWith('sum-')));
  const parameters = heldAll(layers.map(({ input }) => input));
  const groups = () => restoredGroups(numbers('groups'));
  const restore = (): Phase | null => {
    switch (values.phase) {
      case 'prior': {
        const sums = (kind: string) =>
          layers.flatMap(({ name }) => (`${kind}/${name}` in shapes ? [held(`${kind}/${name}`)] : []));
        const moments = Float64Array.from(numbers('moments'));
        const state = { minibatches: Number(values.minibatches), sumsV: sums('sum-v'), sumsH: sums('sum-h'), moments };
        return { kind: 'prior', state };
      }
      case 'posterior': {
        if (posterior === null) throw new RangeError('the saved state is that of another optimizer');
        const columns = Number(values.columns);
        const leftOut = values.leftOut as Readonly<Record<string, string>>;
        const priors = groups().map(({ usable, measured }) => (usable ? measured : null));
        const states = layers.map(({ name, group }): LayerPosterior | LeftOut => {
          const reason = leftOut[name];
          if (reason !== undefined) return { leftOut: reason };
          const indices = Array.from({ length: columns }, (_, column) => column);
          return posterior.completed(
            {
              s: indices.map((column) => held(`s/${name}/${column}`)),
              y: indices.map((column) => held(`y/${name}/${column}`)),
              observations: restoredObservations(numbers(`observations/${name}`), numbers(`lengths/${name}`)),
            },
            at(priors, group),
          );
        });
        const state = { columns, priors, layers: states };
        return { kind: 'posterior', state, groups: groups(), reference: reference() };
      }
      case 'idle':
        return { kind: 'idle', left: Number(values.left), groups: groups(), reference: reference() };
      case 'steps': {
        const names = values.names as Readonly<Record<'inner' | 'preconditioners', readonly string[]>>;
        return {
          kind: 'steps',
          groups: groups(),
          reference: reference(),
          t: Number(values.t),
          inner: heldAll(names.inner),
          preconditioners: heldAll(names.preconditioners),
          drift: values.drift as DriftState,
          signalled: values.signalled === true,
        };
      }
      default:
        return null;
    }
  };
  return { phase: restore(), parameters };
}

function restoredGroups(numbers: TensorData): GroupEstimate[] {
  return Array.from({ length: numbers.length / 5 }, (_, group) => {
    const [alpha = 0, w = 0, lambda = 0, inForce = 0, usable = 0] = numbers.slice(5 * group, 5 * group + 5);
    const measured: GroupPrior = { alpha, w, lambda };
    return { measured, alpha: inForce, usable: usable === 1 };
  });
}

function restoredObservations(numbers: TensorData, lengths: TensorData) {
  const count = lengths.length;
  const [ss, sy, yy] = [0, 1, 2].map((index) =>
    Matrix.from1DArray(count, count, Array.from(numbers.slice(index * count ** 2, (index + 1) * count ** 2))),
  );
  const empty = Matrix.zeros(0, 0);
  return { ss: ss ?? empty, sy: sy ?? empty, yy: yy ?? empty, lengths: Array.from(lengths) };
}
