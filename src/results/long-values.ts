import { z } from 'zod';

/** A list of measured values; null is one that was not finite. */
export type Measurements = readonly (number | null)[];

/**
 * The schema of a long list of numbers: one loop for all of them, since a schema for each of a million numbers is what
 * reading a run file would spend most of its time on.
 */
export const measurementsSchema = z.custom<(number | null)[]>((value) => wrongEntry(value) === null, {
  error: ({ input }) => {
    const wrong = wrongEntry(input);
    if (wrong === null || wrong === 'list') return 'a list';
    return `a number or null at ${wrong}, found ${shown((input as unknown[])[wrong])}`;
  },
});

/** The index of the first entry that is no number; null when all are, `list` for what is no list. */
function wrongEntry(value: unknown): number | 'list' | null {
  if (!Array.isArray(value)) return 'list';
  for (let index = 0; index < value.length; index++) {
    const entry: unknown = value[index];
    if (entry !== null && (typeof entry !== 'number' || !Number.isFinite(entry))) return index;
  }
  return null;
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 40);
}

/**
 * An object of whatever JSON can hold, which is not looked at: a text that was parsed holds nothing else, and a schema for
 * each number of a long log costs more than everything else in a file.
 */
export const jsonObjectSchema = z.custom<Record<string, z.core.util.JSONType>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  { error: 'an object' },
);
