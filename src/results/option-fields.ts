import { z } from 'zod';
import {
  LATER_KEYS,
  type LaterKey,
  type RunOption,
  type RunOptionKey,
  runOption,
  type ValueOf,
} from '../run-options/index.js';

/** What run files have of an option: a value that it takes. */
export function optionField<Key extends RunOptionKey>(key: Key): z.ZodType<ValueOf<Key>> {
  return fieldOf(runOption(key).takes) as z.ZodType<unknown> as z.ZodType<ValueOf<Key>>;
}

/** The options that came to run files later. */
export function laterFields() {
  return Object.fromEntries(LATER_KEYS.map((key) => [key, optionField(key).optional()])) as unknown as {
    [Key in LaterKey]: z.ZodOptional<z.ZodType<ValueOf<Key>>>;
  };
}

function fieldOf(takes: RunOption['takes']): z.ZodType {
  switch (takes.kind) {
    case 'whole':
      return z.int().min(takes.least);
    case 'number':
      return z.number();
    case 'word':
      return z.enum(takes.words);
    case 'text':
      return z.string();
    case 'switch':
      return z.boolean();
    case 'list':
      return z.array(takes.of === 'whole' ? z.int().nonnegative() : z.number());
  }
}
