import { z } from 'zod';
import { LATER_KEYS, type LaterKey, type RunOption, runOption, type ValueOf } from '../run-options/index.js';

/** The options that came to run files later, with the values that they take. */
export function laterFields() {
  const field = (takes: RunOption['takes']) =>
    takes.kind === 'word' ? z.enum(takes.words) : takes.kind === 'whole' ? z.int().min(takes.least) : z.number();
  return Object.fromEntries(LATER_KEYS.map((key) => [key, field(runOption(key).takes).optional()])) as unknown as {
    [Key in LaterKey]: z.ZodOptional<z.ZodType<ValueOf<Key>>>;
  };
}
