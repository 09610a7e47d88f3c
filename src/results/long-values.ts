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
  let index = 0;
  // By an iterator: where a place in the program reads entries of lists with and without nulls by their index, V8 turns every list
  // without into one with an object for each number, which takes most of the time and three times the memory.
  for (const entry of value as readonly unknown[]) {
    if (entry !== null && (typeof entry !== 'number' || !Number.isFinite(entry))) return index;
    index += 1;
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
