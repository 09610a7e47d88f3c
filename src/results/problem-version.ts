/**
 * In which version of its test problem a run was trained, where that is not the default one (DeepOBS' PyTorch line, DeepOBS'
 * initialisation): equal for two runs of the same network with the same initial distribution.
 */
export interface ProblemVersion {
  readonly variant?: 'tf';
  readonly init?: 'pytorch';
}

/** The version that a configuration, a run file or the parameters of a training state. */
export function problemVersion({
  variant,
  init,
}: {
  readonly variant?: unknown;
  readonly init?: unknown;
}): ProblemVersion {
  return { ...(variant === 'tf' ? { variant } : {}), ...(init === 'pytorch' ? { init } : {}) };
}

/** What is not about the version: everything but `variant` and `init` where they have one of their values. */
export function withoutVersion<T>(parameters: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  const values: Readonly<Record<string, readonly unknown[]>> = VALUES;
  const rest = Object.entries(parameters).filter(
    ([name, value]) => !(Object.hasOwn(values, name) && values[name]?.includes(value)),
  );
  return rest.length === Object.keys(parameters).length ? parameters : Object.fromEntries(rest);
}

const VALUES = { variant: ['pytorch', 'tf'], init: ['deepobs', 'pytorch'] };
