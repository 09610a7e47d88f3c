import type { SettingValue } from '../setting-value.js';

/**
 * The factors of the L2 term ½ λ Σ w² that DeepOBS' test problems have when none is given; 0 where there is no such term.
 * A test problem that is not listed has a default that is not known, or that differs between the versions of DeepOBS.
 */
const L2_FACTORS: ReadonlyMap<string, number> = new Map([
  ...['cifar10_3c3d', 'cifar10_3c3d_roos', 'cifar100_3c3d', 'svhn_3c3d'].map((name) => [name, 0.002] as const),
  ...[
    'cifar100_allcnnc',
    ...['svhn_wrn164', 'cifar100_wrn164', 'cifar100_wrn404'],
    ...['cifar10_vgg16', 'cifar10_vgg19', 'cifar100_vgg16', 'cifar100_vgg19'],
    ...['imagenet_vgg16', 'imagenet_vgg19', 'imagenet_inception_v3'],
  ].map((name) => [name, 5e-4] as const),
  ...[
    ...['two_d_rosenbrock', 'two_d_beale', 'two_d_branin', 'quadratic_deep', 'mnist_vae', 'fmnist_vae'],
    ...['quadratic_identity', 'quadratic_linear', 'quadratic_log', 'tolstoi_char_rnn', 'tolstoi_transformer'],
    ...['mnist_logreg', 'fmnist_logreg', 'mnist_mlp', 'fmnist_mlp', 'mnist_mlp_groups', 'mnist_2c2d', 'fmnist_2c2d'],
  ].map((name) => [name, 0] as const),
]);

/** The L2 factor that is in force when none is given; 'default' when it is not known. */
export function defaultL2(testproblem: string): number | 'default' {
  return L2_FACTORS.get(testproblem) ?? 'default';
}

/** Test problems whose networks differ between DeepOBS' PyTorch and TensorFlow lines (a test compares). */
const VARIED: ReadonlySet<string> = new Set([
  ...['mnist_vae', 'fmnist_vae'],
  ...['cifar10_3c3d', 'cifar100_3c3d', 'svhn_3c3d', 'cifar100_allcnnc'],
  ...['svhn_wrn164', 'cifar100_wrn164', 'cifar100_wrn404'],
  ...['cifar10_vgg16', 'cifar10_vgg19', 'cifar100_vgg16', 'cifar100_vgg19'],
]);

/** Whether DeepOBS' two lines have different networks under this name. */
export function hasVariants(testproblem: string): boolean {
  return VARIED.has(testproblem);
}

const SHARED = { weight_decay: 0, use_locking: false } as const;
const OPTIMIZERS: ReadonlyMap<string, Readonly<Record<string, SettingValue>>> = new Map([
  ['SGD', { ...SHARED, momentum: 0, dampening: 0, nesterov: false, use_nesterov: false }],
  ['Momentum', { ...SHARED, dampening: 0, nesterov: false, use_nesterov: false }],
  ['Adam', { ...SHARED, betas: [0.9, 0.999], beta1: 0.9, beta2: 0.999, eps: 1e-8, epsilon: 1e-8, amsgrad: false }],
]);

/**
 * The values that PyTorch and TensorFlow give to the hyperparameters of an optimizer when they are not stated, by the label
 * in DeepOBS' folders.
 */
export function frameworkDefaults(label: string): Readonly<Record<string, SettingValue>> {
  return OPTIMIZERS.get(label) ?? {};
}
