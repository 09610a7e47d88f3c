import { ShapeError } from '../errors.js';
import { input, type Shape, sizeOf, type Tensor } from '../tensor/index.js';
import type { EvaluationCounts } from './evaluation-counts.js';
import type { HostFunction } from './host-function.js';
import type { ProbeDistribution } from './update-context.js';

/** A scalar of the program that the host computes in each step. */
export interface HostScalar {
  readonly input: string;
  readonly value: (t: number) => number;
}

/** A random tensor of the program. */
export interface RandomTensor {
  readonly input: string;
  readonly shape: Shape;
  readonly distribution: ProbeDistribution;
  /** The stream's name, and how many others of this name there are before it. */
  readonly stream: string;
  readonly index: number;
}

/** A computation on the host between two parts of the program. */
export interface HostCall {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly compute: HostFunction;
}

/** A quantity for the run file. */
export interface LoggedScalar {
  readonly name: string;
  readonly tensor: Tensor;
  readonly per: 'epoch' | 'step';
}

/** A question about the step, and its answer in the step that is being written down. */
export interface Condition {
  readonly holds: (t: number) => boolean;
  readonly answer: boolean;
}

/** Writes down what the rules of a step ask for while its program is made. */
export class StepRecorder {
  readonly scalars: HostScalar[] = [];
  readonly randoms: RandomTensor[] = [];
  readonly hostCalls: HostCall[] = [];
  readonly logs: LoggedScalar[] = [];
  readonly conditions: Condition[] = [];
  readonly counts: EvaluationCounts = { gradients: 0, products: 0, losses: 0 };
  readonly #t: number;

  /** `t`: the step for which conditions are answered. */
  constructor(t: number) {
    this.#t = t;
  }

  scalar(value: (t: number) => number): Tensor {
    const name = `scalar/${this.scalars.length}`;
    this.scalars.push({ input: name, value });
    return input(name, []);
  }

  random(stream: string, distribution: ProbeDistribution, shape: Shape): Tensor {
    const index = this.randoms.filter((other) => other.stream === stream).length;
    const name = `random/${stream}/${index}`;
    this.randoms.push({ input: name, shape, distribution, stream, index });
    return input(name, shape);
  }

  when(condition: (t: number) => boolean): boolean {
    const answer = condition(this.#t);
    this.conditions.push({ holds: condition, answer });
    return answer;
  }

  onHost(inputs: readonly Tensor[], shapes: readonly Shape[], compute: HostFunction): Tensor[] {
    const outputs = shapes.map((shape, index) => input(`host/${this.hostCalls.length}/${index}`, shape));
    this.hostCalls.push({ inputs, outputs, compute });
    return outputs;
  }

  log(name: string, tensor: Tensor, per: 'epoch' | 'step'): void {
    if (sizeOf(tensor.shape) !== 1) {
      throw new ShapeError({
        subject: `log ${name}`,
        found: `shape [${tensor.shape.join(', ')}]`,
        expected: 'a scalar',
      });
    }
    const others = this.logs.filter((other) => other.name === name || other.name.startsWith(`${name} #`)).length;
    this.logs.push({ name: others === 0 ? name : `${name} #${others + 1}`, tensor, per });
  }
}
