import type { z } from 'zod';
import { display } from '../user-file/user-code.js';
import type { StatementFault } from '../user-file/user-file.js';
import { describeHyperparameters } from './hyperparameters.js';
import { RESERVED_OPTIONS } from './reserved-names.js';

/** What a field of the schema may be: its values are numbers, booleans, texts or null, or only seen when there is one. */
const SCALAR = new Set(['number', 'int', 'boolean', 'string', 'enum', 'literal', 'null', 'template_literal']);
const AROUND = new Set(['default', 'prefault', 'optional', 'nonoptional', 'nullable', 'catch', 'readonly']);
const OPEN = new Set(['custom', 'any', 'unknown', 'pipe', 'transform']);

const KINDS = 'a number, a boolean, a text or null';

/**
 * Why the hyperparameters of a user's optimizer cannot be used, or null: a name that is an option of `run` could never be
 * set, and a value that is no number, boolean, text or null fits neither an option nor a folder's name nor a run file.
 */
export function hyperparameterFault(hyperparameters: z.ZodObject): StatementFault | null {
  const described = describeHyperparameters({ hyperparameters });
  const options = new Set(described.map(({ option }) => option));
  const seen = new Set<string>();
  for (const { name, option, type, default: value } of described) {
    const fault = (text: string) => ({ property: name, text: `hyperparameter ${name}: ${text}` });
    if (!/^[A-Za-z][A-Za-z0-9]*([_-][A-Za-z0-9]+)*$/.test(name)) {
      const text = `hyperparameter ${JSON.stringify(name)}: expected a name of letters, digits and underscores, such as max_norm`;
      return { property: name, text };
    }
    const taken = RESERVED_OPTIONS.find((other) => option === `--${other}` || option === `--no-${other}`);
    if (taken !== undefined)
      return fault(`${option} is an option of probprec run, so it could never be set; expected another name`);
    const negates = type !== 'boolean' ? undefined : option.replace(/^--/, '--no-');
    if (seen.has(option) || (negates !== undefined && options.has(negates))) {
      return fault(
        `${negates !== undefined && options.has(negates) ? negates : option} would mean two of them; expected another name`,
      );
    }
    seen.add(option);
    const kind = foreignKind(hyperparameters.shape[name] as z.ZodType);
    if (kind !== null) return fault(`found the type ${kind}, expected ${KINDS}`);
    const found = scalarFault(value);
    if (found !== null) return fault(`found the default ${found}, expected ${KINDS}`);
  }
  return null;
}

/** What a value is that no hyperparameter can be; null for one that it can be. */
export function scalarFault(value: unknown): string | null {
  if (typeof value === 'number') return Number.isFinite(value) ? null : String(value);
  return value === null || typeof value === 'boolean' || typeof value === 'string' ? null : display(value);
}

/** The type in a schema that is not a plain value, such as `object` or `date`; null when there is none. */
function foreignKind(schema: z.ZodType): string | null {
  const { type } = schema.def;
  if (SCALAR.has(type) || OPEN.has(type)) return null;
  const inside = schema.def as unknown as { innerType?: z.ZodType; options?: readonly z.ZodType[] };
  if (AROUND.has(type) && inside.innerType !== undefined) return foreignKind(inside.innerType);
  if (type === 'union' && inside.options !== undefined) {
    return inside.options.map(foreignKind).find((kind) => kind !== null) ?? null;
  }
  return type;
}
