import { ConfigurationError } from '../errors.js';
import { describeHyperparameters, loadOptimizer, optimizerNames } from '../optimizer/index.js';
import { type ResolvedRun, type RunRequest, resolveConfiguration } from '../run/index.js';
import { type Named, option } from '../words.js';

/** The optimizer that the others are compared with. */
const REFERENCE = 'sgd';

/** The optimizers of the runtime experiment in the thesis; those that are registered are compared by default. */
const THESIS = ['adam', 'only-adaptive-sgd', 'adaptive-sgd', 'preconditioned-sgd'];

/** The reference first, then the named ones, by default those of the thesis. Throws ConfigurationError for a name twice. */
export function competitors(named: readonly string[] | undefined): readonly string[] {
  const wanted = named ?? THESIS.filter((name) => optimizerNames().includes(name));
  const all = [REFERENCE, ...wanted.filter((name) => name !== REFERENCE)];
  const twice = all.find((name, index) => all.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new ConfigurationError({ subject: option('optimizers'), found: `${twice} twice`, expected: 'each once' });
  }
  return all;
}

/**
 * The run of one optimizer. What `given` lacks is what the optimizer is timed with, where it says that its defaults may not
 * finish; then a learning rate is `lr` for SGD, as in DeepOBS, and where one is required. Other required hyperparameters have to
 * be given. Throws ConfigurationError that names `--optimizers` or `--set`.
 */
export async function resolveCompetitor(
  optimizer: string,
  given: Readonly<Record<string, unknown>>,
  lr: number,
  common: Omit<RunRequest, 'optimizer' | 'hyperparameters'>,
): Promise<ResolvedRun> {
  const definition = await loadOptimizer(optimizer).catch((error) =>
    refuseAs(error, (named) => (named.option === 'optimizer' ? { ...named, option: 'optimizers' } : null)),
  );
  const declared = describeHyperparameters(definition);
  const needsRate = optimizer === REFERENCE || declared.some(({ name, required }) => name === 'lr' && required);
  const hyperparameters = { ...(needsRate ? { lr } : {}), ...definition.timedWith, ...given };
  return resolveConfiguration({ ...common, optimizer, hyperparameters }).catch((error) =>
    refuseAs(error, ({ option: about }) =>
      declared.some(({ name }) => name === about) ? option('set', `${optimizer}.${about}`) : null,
    ),
  );
}

/** Throws the error, with the option that it is about as `renamed` calls it; null leaves it. */
function refuseAs(error: unknown, renamed: (subject: Named) => Named | null): never {
  const fault = error instanceof ConfigurationError ? error.fault : null;
  const { subject } = fault ?? {};
  const about = typeof subject === 'object' && 'option' in subject ? renamed(subject) : null;
  if (about === null) throw error;
  throw new ConfigurationError({ ...fault, subject: about }, { cause: error });
}

/** `scaling=relative lr=0.05`: the hyperparameters of a competitor that are not its defaults; empty where all are. */
export function settingInWords({ optimizer, configuration }: ResolvedRun): string {
  const { hyperparameters } = configuration.optimizer;
  return describeHyperparameters(optimizer)
    .filter(({ name, required, default: value }) => required || hyperparameters[name] !== value)
    .map(({ name }) => `${name}=${hyperparameters[name]}`)
    .join(' ');
}
