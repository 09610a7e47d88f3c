import { decimalNumber } from '../decimal-number.js';
import { ConfigurationError } from '../errors.js';
import { notKnown } from '../names.js';
import { scalarFault } from '../optimizer/check-hyperparameters.js';
import { describeHyperparameters, type HyperparameterValue, type OptimizerDefinition } from '../optimizer/index.js';
import { setting } from '../words.js';
import { expectedBy } from '../zod-expectation.js';

/** The hyperparameters with defaults; texts are read as the declared type. */
export function resolveHyperparameters(
  optimizer: OptimizerDefinition,
  given: Readonly<Record<string, unknown>>,
): Record<string, HyperparameterValue> {
  const declared = describeHyperparameters(optimizer);
  const names = declared.map(({ name }) => name);
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given)) {
    const found = declared.find(({ name }) => name === key);
    if (found === undefined) {
      throw new ConfigurationError(
        names.length === 0
          ? { subject: setting(key), what: `${optimizer.name} has no hyperparameters` }
          : {
              subject: [`hyperparameter of ${optimizer.name}: `, { ...setting(key), verbatim: true }],
              what: notKnown(key, names),
            },
      );
    }
    values[key] = typeof value === 'string' ? readAs(found.type, value) : value;
  }
  for (const { name, required, description } of declared) {
    if (required && values[name] === undefined) {
      throw new ConfigurationError({
        subject: setting(name),
        what: 'missing',
        remedy: `${optimizer.name} needs it (${description})`,
      });
    }
  }
  const parsed = optimizer.hyperparameters.safeParse(values);
  if (!parsed.success) {
    const key = String(parsed.error.issues[0]?.path[0] ?? '');
    const described = declared.find(({ name }) => name === key);
    const expected = expectedBy(parsed.error.issues[0], { whole: described?.type === 'integer' });
    throw new ConfigurationError({ subject: setting(key), found: display(given[key]), expected });
  }
  const resolved = parsed.data as Record<string, HyperparameterValue | undefined>;
  for (const { name } of declared) {
    const fault = scalarFault(resolved[name] ?? null);
    if (fault !== null) {
      throw new ConfigurationError({
        subject: setting(name),
        what: `becomes ${fault}`,
        expected: 'a number, a boolean, a text or null',
      });
    }
  }
  return Object.fromEntries(names.map((name) => [name, resolved[name] ?? null]));
}

function readAs(type: 'number' | 'integer' | 'boolean' | 'string', text: string): unknown {
  if (type === 'string') return text;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  const value = decimalNumber(text);
  return Number.isFinite(value) ? value : text;
}

export function display(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : String(value);
}
