import { didYouMean } from '../names.js';
import type { HyperparameterDescription } from '../optimizer/index.js';
import { UsageError } from './failure.js';
import { quoted } from './option-values.js';

/**
 * The optimizer's hyperparameters among the arguments that are no options of the command: `--name V`, `--name=V`, and for
 * booleans also `--name` and `--no-name`. Values stay text; the run's configuration validates them. Throws UsageError.
 */
export function parseHyperparameters(
  args: readonly string[],
  declared: readonly HyperparameterDescription[],
  optimizer: string,
  ownOptions: readonly string[],
  command = 'run',
): Record<string, string | boolean> {
  const values: Record<string, string | boolean> = {};
  const set = (name: string, option: string, value: string | boolean) => {
    if (Object.hasOwn(values, name)) {
      throw new UsageError({
        subject: option,
        found: 'it twice',
        expected: 'one value',
        remedy: 'probprec sweep plan tries several',
      });
    }
    values[name] = value;
  };
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? '';
    if (!argument.startsWith('--') || argument === '--') {
      throw new UsageError({ found: `the argument ${quoted(argument)}`, expected: 'only options: --name VALUE' });
    }
    const equals = argument.indexOf('=');
    const option = equals < 0 ? argument : argument.slice(0, equals);
    const exact = declared.find((candidate) => candidate.option === option);
    const negated = declared.find((candidate) => candidate.option.replace(/^--/, '--no-') === option);
    if (exact === undefined && negated?.type === 'boolean' && equals < 0) {
      set(negated.name, option, false);
      continue;
    }
    if (exact === undefined) throw unknownOption(option, declared, optimizer, { ownOptions, command });
    const next = args[index + 1];
    if (equals >= 0) {
      set(exact.name, option, argument.slice(equals + 1));
    } else if (next !== undefined && !next.startsWith('--')) {
      set(exact.name, option, next);
      index++;
    } else if (exact.type === 'boolean') {
      set(exact.name, option, true);
    } else {
      throw new UsageError({ subject: option, found: 'no value', expected: `${article(exact.type)} ${exact.type}` });
    }
  }
  return values;
}

/** Says whether a value has to be given, or which one it has otherwise. */
export function describeDefault({ required, default: value }: HyperparameterDescription): string {
  return required ? 'required' : `default ${value ?? 'none'}`;
}

function unknownOption(
  option: string,
  declared: readonly HyperparameterDescription[],
  optimizer: string,
  { ownOptions, command }: { readonly ownOptions: readonly string[]; readonly command: string },
): UsageError {
  const names = declared.map((candidate) => candidate.option);
  return new UsageError({
    subject: option,
    found: `an option that neither ${command} nor ${optimizer} has`,
    expected: `one of ${optimizer}'s hyperparameters ${
      names.join(', ') || '(it has none)'
    } or an option of ${command}${didYouMean(option, [...names, ...ownOptions])}`,
  });
}

function article(noun: string): string {
  return /^[aeiou]/.test(noun) ? 'an' : 'a';
}
