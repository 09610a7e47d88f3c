import { z } from 'zod';
import { asFlag } from '../words.js';

/** A learning rate: a finite number, not negative. */
export const learningRate = () => z.number().min(0).describe('learning rate');

/** A number in [0, 1). */
export const fraction = () => z.number().min(0).lt(1);

/** A finite number ≥ 0. */
export const nonNegative = () => z.number().min(0);

/** A finite number > 0. */
export const positive = () => z.number().positive();

/** A whole number ≥ 1. */
export const positiveInteger = () => z.int().min(1);

/** What a hyperparameter may be in a configuration. */
export type HyperparameterValue = number | boolean | string | null;

/** A hyperparameter as the command line shows it. */
export interface HyperparameterDescription {
  readonly name: string;
  /** The command-line option, for instance `--est-rank`. */
  readonly option: string;
  readonly type: 'number' | 'integer' | 'boolean' | 'string';
  /** The values a string may have, if they are fixed. */
  readonly choices: readonly string[] | null;
  readonly required: boolean;
  readonly default: HyperparameterValue;
  readonly description: string;
}

/** Describes every hyperparameter of a schema, in definition order. */
export function describeHyperparameters(definition: {
  readonly hyperparameters: z.ZodObject;
}): HyperparameterDescription[] {
  return Object.entries(definition.hyperparameters.shape).map(([name, field]) => {
    const schema = field as z.ZodType;
    const inner = unwrap(schema);
    const absent = schema.safeParse(undefined);
    const choices = inner instanceof z.ZodEnum ? inner.options.map(String) : null;
    return {
      name,
      option: asFlag({ option: name }),
      type: typeOf(inner),
      choices,
      required: !absent.success,
      default: absent.success ? ((absent.data ?? null) as HyperparameterValue) : null,
      description: schema.description ?? inner.description ?? '',
    };
  });
}

function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return unwrap(schema.unwrap() as z.ZodType);
  }
  // A number that may also be a word is read as a number where it is one.
  if (schema instanceof z.ZodUnion && unwrap(schema.options[0] as z.ZodType) instanceof z.ZodNumber) {
    return unwrap(schema.options[0] as z.ZodType);
  }
  return schema;
}

function typeOf(schema: z.ZodType): HyperparameterDescription['type'] {
  if (schema instanceof z.ZodBoolean) return 'boolean';
  if (schema instanceof z.ZodNumber) return schema.format === 'safeint' ? 'integer' : 'number';
  return 'string';
}
