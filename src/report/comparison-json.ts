import type { Comparison } from '../analysis/index.js';
import { encodeSettings } from '../results/index.js';

/** JSON with snake_case keys, all numbers and all notes. */
export function comparisonJson(comparison: Comparison): string {
  return JSON.stringify(snakeCase(comparison), null, 2);
}

/** The user's own names (hyperparameters) stay as they are; numbers that JSON has not are written as in run files. */
function snakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      key === 'hyperparameters' || key === 'trainingParameters' ? encodeSettings(entry) : snakeCase(entry),
    ]),
  );
}
