/** DeepOBS' two official sets of four test problems each (Schneider et al. 2019). */
export type DeepobsSet = 'small' | 'large';

const SETS: Readonly<Record<DeepobsSet, readonly string[]>> = {
  small: ['quadratic_deep', 'mnist_vae', 'fmnist_2c2d', 'cifar10_3c3d'],
  large: ['fmnist_vae', 'cifar100_allcnnc', 'svhn_wrn164', 'tolstoi_char_rnn'],
};

/** The set that a test problem belongs to; null for most. */
export function deepobsSet(testproblem: string): DeepobsSet | null {
  if (SETS.small.includes(testproblem)) return 'small';
  return SETS.large.includes(testproblem) ? 'large' : null;
}
