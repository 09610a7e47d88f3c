import type { UsualMetric } from '../results/index.js';

/** What counts as solved: test accuracy of at least, or test loss of at most, `value`. */
export interface Target {
  readonly metric: Extract<UsualMetric, 'test_accuracies' | 'test_losses'>;
  readonly value: number;
  readonly source: string;
}

const SOURCE = 'DeepOBS_Baselines/convergence_performance.json (DeepOBS 1.1, TensorFlow, no validation split)';

/**
 * DeepOBS' published convergence performances. How they were derived is not documented; they are taken as constants.
 * The one of quadratic_deep belongs to the loss scale ½ (θ − x)ᵀQ(θ − x), which probprec uses.
 */
export const PUBLISHED_TARGETS: Readonly<Record<string, Target>> = withoutPrototype({
  quadratic_deep: loss(87.70315464772136),
  mnist_vae: loss(73.49819796869767),
  fmnist_2c2d: accuracy(0.9198093278634639),
  cifar10_3c3d: accuracy(0.8283307079578206),
  fmnist_vae: loss(92.97764997362836),
  cifar100_allcnnc: accuracy(0.5256043511573971),
  svhn_wrn164: accuracy(0.9501991843298437),
  tolstoi_char_rnn: accuracy(0.6045863566200845),
});

/** Names come from files: one that is called constructor has no target. */
function withoutPrototype<T>(values: Record<string, T>): Record<string, T> {
  return Object.assign(Object.create(null), values);
}

/** The published target of a test problem; null when there is none. */
export function publishedTarget(testproblem: string): Target | null {
  return Object.hasOwn(PUBLISHED_TARGETS, testproblem) ? (PUBLISHED_TARGETS[testproblem] ?? null) : null;
}

/** A target of the user's own: an accuracy for problems that have accuracies, else a loss. */
export function userTarget(value: number, hasAccuracy: boolean): Target {
  return { metric: hasAccuracy ? 'test_accuracies' : 'test_losses', value, source: 'given by the user' };
}

function loss(value: number): Target {
  return { metric: 'test_losses', value, source: SOURCE };
}

function accuracy(value: number): Target {
  return { metric: 'test_accuracies', value, source: SOURCE };
}
