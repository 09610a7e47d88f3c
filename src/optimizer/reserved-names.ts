import { flagOf, RUN_OPTIONS } from '../run-options/index.js';
import type { StatementFault } from '../user-file/user-file.js';

/**
 * Class names under which results of other people are published, besides those of registered optimizers: what DeepOBS
 * calls them with TensorFlow, and the thesis' variant that is not registered.
 */
export const PUBLISHED_CLASS_NAMES: readonly string[] = [
  'GradientDescentOptimizer',
  'MomentumOptimizer',
  'AdamOptimizer',
  'PreconditionedTunedMomentum',
];

/** The options of `probprec run`, without dashes: a hyperparameter of such a name could never be set (a test compares). */
export const RESERVED_OPTIONS: readonly string[] = [
  ...Object.keys(RUN_OPTIONS).map((key) => flagOf(key).slice(2)),
  ...['debug', 'config', 'help'],
];

/** Names that a user's optimizer must not have. */
export interface ReservedNames {
  /** By which an optimizer is asked for. */
  readonly names: readonly string[];
  /** By which results are filed. */
  readonly classNames: readonly string[];
}

/**
 * Why a user's optimizer may not be called so, or null. Case does not count: `Sgd` and `SGD` are one folder on many disks,
 * and nobody tells them apart in a table.
 */
export function nameFault(
  definition: { readonly name: string; readonly className: string },
  reserved: ReservedNames,
): StatementFault | null {
  const { name, className } = definition;
  const among = (text: string, taken: readonly string[]) =>
    taken.some((other) => other.toLowerCase() === text.toLowerCase());
  const registered = [...reserved.names, ...reserved.classNames];
  if (among(name, registered)) {
    return {
      property: 'name',
      text: `name: found "${name}", the name of a registered optimizer; expected a new name, such as my-${name}`,
    };
  }
  const example = `My${className}`;
  if (among(className, registered)) {
    return {
      property: 'className',
      text: `className: found "${className}", the name of a registered optimizer; expected a new name, such as ${example}`,
    };
  }
  if (among(className, PUBLISHED_CLASS_NAMES)) {
    return {
      property: 'className',
      text: `className: found "${className}", under which results are published; expected a new name, such as ${example}`,
    };
  }
  return null;
}
