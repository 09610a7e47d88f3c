import type { SettingValues } from '../setting-value.js';

/** The layouts of DeepOBS' files, told apart by their keys (docs/deepobs.md). */
export const DIALECTS = [
  'deepobs-1.2-beta',
  'deepobs-1.2-beta-tensorflow',
  'deepobs-develop',
  'deepobs-1.1',
  'deepobs-1.1-keys',
] as const;

/** One of the file formats of DeepOBS. */
export type Dialect = (typeof DIALECTS)[number];

/** What trained a run. Where the files leave it open, nothing is made up. */
export const ENGINES = ['pytorch', 'tensorflow', 'unknown engine'] as const;

/** One of {@link ENGINES}. */
export type DeepobsEngine = (typeof ENGINES)[number];

/** What a file says that tells its dialect and engine. */
export interface Evidence {
  /** The keys of the file. */
  readonly keys: ReadonlySet<string>;
  /** The optimizer's name in the file. */
  readonly optimizer: string;
  /** The hyperparameters under the file's own names, without a learning rate that stands outside. */
  readonly hyperparameters: Readonly<Record<string, unknown>>;
}

/** Names of hyperparameters that only optimizers of one of the two have. */
const TENSORFLOW_NAMES = ['learning_rate', 'use_locking', 'use_nesterov', 'initial_accumulator_value'];
const PYTORCH_NAMES = ['lr', 'betas', 'eps', 'nesterov', 'dampening', 'amsgrad', 'lr_decay', 'momentum_decay'];

/** The dialect and the engine of a file. */
export function identify(evidence: Evidence): { readonly dialect: Dialect; readonly engine: DeepobsEngine } {
  const engine = engineOf(evidence);
  const { keys } = evidence;
  if (keys.has('hyperparams') || keys.has('learning_rate')) {
    // DeepOBS 1.1 is TensorFlow only; forks for PyTorch have kept its keys.
    return engine === 'tensorflow'
      ? { dialect: 'deepobs-1.1', engine }
      : { dialect: 'deepobs-1.1-keys', engine: 'unknown engine' };
  }
  if (engine === 'tensorflow') return { dialect: 'deepobs-1.2-beta-tensorflow', engine };
  return { dialect: keys.has('l2_reg') && !keys.has('weight_decay') ? 'deepobs-develop' : 'deepobs-1.2-beta', engine };
}

function engineOf({ optimizer, hyperparameters }: Evidence): DeepobsEngine {
  const has = (names: readonly string[]) => names.some((name) => Object.hasOwn(hyperparameters, name));
  const [tensorflow, pytorch] = [has(TENSORFLOW_NAMES), has(PYTORCH_NAMES)];
  if (tensorflow && pytorch) return 'unknown engine';
  if (tensorflow || pytorch) return tensorflow ? 'tensorflow' : 'pytorch';
  // TensorFlow's own classes are named so; a user's class may be, too, and then its hyperparameters have decided.
  return optimizer.endsWith('Optimizer') ? 'tensorflow' : 'unknown engine';
}

/** A class of TensorFlow and what DeepOBS' PyTorch side, the literature and this project call the same method. */
export interface OptimizerAlias {
  readonly tensorflow: string;
  readonly name: string;
  /** Only where this hyperparameter is true. */
  readonly where?: string;
}

/** The table of docs/deepobs.md; the first entry that fits counts. */
export const OPTIMIZER_ALIASES: readonly OptimizerAlias[] = [
  { tensorflow: 'GradientDescentOptimizer', name: 'SGD' },
  { tensorflow: 'MomentumOptimizer', name: 'Nesterov', where: 'use_nesterov' },
  { tensorflow: 'MomentumOptimizer', name: 'Momentum' },
  { tensorflow: 'AdamOptimizer', name: 'Adam' },
  { tensorflow: 'AdamWOptimizer', name: 'AdamW' },
  { tensorflow: 'NadamOptimizer', name: 'NAdam' },
  { tensorflow: 'RMSPropOptimizer', name: 'RMSProp' },
  { tensorflow: 'AdagradOptimizer', name: 'Adagrad' },
  { tensorflow: 'AdadeltaOptimizer', name: 'Adadelta' },
  { tensorflow: 'AMSBoundOptimizer', name: 'AMSBound' },
  { tensorflow: 'AdaBoundOptimizer', name: 'AdaBound' },
  { tensorflow: 'RAdamOptimizer', name: 'RAdam' },
];

/** The name that comparisons use for the optimizer of a folder; the folder's own where no alias fits. */
export function optimizerLabel(folder: string, hyperparameters: SettingValues): string {
  const alias = OPTIMIZER_ALIASES.find(
    ({ tensorflow, where }) => tensorflow === folder && (where === undefined || hyperparameters[where] === true),
  );
  return alias?.name ?? folder;
}

/** The hyperparameters with TensorFlow's `learning_rate` as `lr`, in the same order. */
export function withLr(hyperparameters: SettingValues): SettingValues {
  if (!Object.hasOwn(hyperparameters, 'learning_rate') || Object.hasOwn(hyperparameters, 'lr')) return hyperparameters;
  const entries = Object.entries(hyperparameters);
  return Object.fromEntries(entries.map(([name, value]) => [name === 'learning_rate' ? 'lr' : name, value]));
}
