import type { Engine, Value } from '../engine/index.js';
import { program } from '../tensor/index.js';
import { initialStates, inputNames, type SymbolicProblem } from '../testproblem/index.js';

/** What was before counts (1 − momentum)⁵⁰ afterwards, 0.5 % with the usual momentum of 0.1. */
const minibatchesUsed = 50;

/** Recomputes running statistics for parameters at which no training step was taken. */
export interface RunningStatistics {
  readonly compileSeconds: number;
  /**
   * The statistics after forward passes in training mode on the first 50 of these minibatches, by the names of their inputs.
   * `values` are the parameters, and the statistics to start from. Nothing else is changed.
   */
  recompute(
    values: Readonly<Record<string, Value>>,
    minibatches: AsyncIterable<Readonly<Record<string, Value>>>,
  ): Promise<Record<string, Value>>;
}

/**
 * For optimizers that are evaluated at another point than they train at: averages, schedule-free methods, lookahead. Their
 * training moves the statistics of the training point, which are wrong elsewhere. `problem` is built for training batches;
 * null where it has no running statistics.
 */
export async function runningStatistics(
  engine: Engine,
  problem: SymbolicProblem,
  constants: Readonly<Record<string, Value>>,
): Promise<RunningStatistics | null> {
  const kept = problem.states.filter(({ per }) => per === 'run').map(({ name }) => inputNames.state(name));
  if (kept.length === 0) return null;
  const next = Object.entries(problem.nextStates).map(([name, tensor]) => [inputNames.state(name), tensor] as const);
  const executable = await engine.compile(program(Object.fromEntries(next)));
  return {
    compileSeconds: executable.compileSeconds,
    async recompute(values, minibatches) {
      let states = {
        ...initialStates(engine, problem),
        ...only(values, kept),
        ...initialStates(engine, problem, 'pass'),
      };
      let used = 0;
      for await (const minibatch of minibatches) {
        states = await executable.run({ ...constants, ...values, ...minibatch, ...states });
        used += 1;
        if (used === minibatchesUsed) break;
      }
      return only(states, kept);
    },
  };
}

function only(values: Readonly<Record<string, Value>>, names: readonly string[]): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));
}
