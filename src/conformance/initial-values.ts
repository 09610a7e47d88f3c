import { at } from '../expect.js';
import { sizeOf } from '../tensor/index.js';
import type { ParameterDefinition, TestProblem } from '../testproblem/index.js';
import type { InitialRule } from './initial-rule.js';

/** The rule that DeepOBS states for a parameter; by name and kind. */
export type InitialRules = (parameter: Pick<ParameterDefinition, 'name' | 'kind' | 'shape'>) => InitialRule;

/** What was drawn by one rule, all parameters of it together, each divided by the standard deviation that the rule states. */
export interface DrawnByRule {
  readonly rule: string;
  /** Which kinds of parameters. */
  readonly kinds: readonly string[];
  readonly numbers: number;
  /** Root of the mean square of what was drawn, in standard deviations as stated: 1 is right. null for a constant. */
  readonly scale: number | null;
  /** Mean fourth power over squared mean square; null for a constant. */
  readonly kurtosis: number | null;
  /** Largest |x| in standard deviations as stated; of a constant the largest distance from it. */
  readonly largest: number;
}

/** The initial values of a seed beside the rules that DeepOBS states, a row for each rule. */
export function drawnByRule(problem: TestProblem, rules: InitialRules, seed: number): DrawnByRule[] {
  const values = problem.initialParameters(seed);
  const rows = new Map<string, Moments>();
  for (const [index, parameter] of problem.parameters.entries()) {
    const rule = rules(parameter);
    const moments = rows.get(rule.name) ?? new Moments(rule);
    rows.set(rule.name, moments);
    moments.add(parameter, at(values, index));
  }
  return [...rows.values()].map((moments) => moments.row());
}

/** Sums of powers of the numbers drawn by one rule. */
class Moments {
  readonly #rule: InitialRule;
  readonly #kinds = new Set<string>();
  #numbers = 0;
  #squares = 0;
  #fourths = 0;
  #largest = 0;

  constructor(rule: InitialRule) {
    this.#rule = rule;
  }

  add({ kind, shape }: ParameterDefinition, values: Float32Array): void {
    const { mean } = this.#rule;
    const variance = this.#rule.variance(shape);
    const unit = variance === 0 ? 1 : Math.sqrt(variance);
    this.#kinds.add(kind);
    this.#numbers += values.length;
    for (const value of values) {
      const square = ((value - mean) / unit) ** 2;
      this.#squares += square;
      this.#fourths += square ** 2;
      if (square > this.#largest) this.#largest = square;
    }
  }

  row(): DrawnByRule {
    const square = this.#squares / this.#numbers;
    const constant = this.#rule.kurtosis === null;
    return {
      rule: this.#rule.name,
      kinds: [...this.#kinds],
      numbers: this.#numbers,
      scale: constant ? null : Math.sqrt(square),
      kurtosis: constant ? null : this.#fourths / this.#numbers / square ** 2,
      largest: Math.sqrt(this.#largest),
    };
  }
}

/** ½ λ Σ E w² over the regularised parameters, as their rules state the variance. */
export function expectedL2Term(problem: TestProblem, rules: InitialRules): number {
  const { parameters, defaults } = problem;
  const squares = parameters.flatMap((own) => {
    if (!own.regularised) return [];
    const { mean, variance } = rules(own);
    return [sizeOf(own.shape) * (variance(own.shape) + mean ** 2)];
  });
  return 0.5 * (defaults.l2Reg ?? 0) * squares.reduce((sum, square) => sum + square, 0);
}

/** ½ λ Σ w² of a seed's initial values, in float64. */
export function drawnL2Term(problem: TestProblem, seed: number): number {
  const l2Reg = problem.defaults.l2Reg ?? 0;
  if (l2Reg === 0) return 0;
  const values = problem.initialParameters(seed);
  let sum = 0;
  for (const [index, { regularised }] of problem.parameters.entries()) {
    if (regularised) for (const value of at(values, index)) sum += value * value;
  }
  return 0.5 * l2Reg * sum;
}
