import type { Takes } from './option.js';
import { type RunOptionKey, runOption } from './table.js';

/** What an option takes, in words, when a stated value is of another type or out of range; null for one that it takes. */
export function expectationOf(key: RunOptionKey, stated: unknown): string | null {
  const { takes } = runOption(key);
  switch (takes.kind) {
    case 'whole':
    case 'number':
      return numberFault(takes, stated);
    case 'word':
      return takes.words.includes(stated as string) ? null : `one of ${takes.words.join(', ')}`;
    case 'text':
      return typeof stated === 'string' ? null : 'a text';
    case 'switch':
      return typeof stated === 'boolean' ? null : 'true or false';
    case 'list':
      return Array.isArray(stated) && stated.every(Number.isFinite) ? null : 'a list of numbers';
  }
}

function numberFault(takes: Extract<Takes, { kind: 'whole' | 'number' }>, stated: unknown): string | null {
  const whole = takes.kind === 'whole';
  const name = whole ? 'a whole number' : 'a number';
  if (typeof stated !== 'number' || !(whole ? Number.isInteger(stated) : Number.isFinite(stated))) return name;
  if (stated < takes.least) return `${name} ≥ ${takes.least}`;
  const most = whole ? (takes.most ?? Number.MAX_SAFE_INTEGER) : Number.POSITIVE_INFINITY;
  return stated > most ? `${name} ≤ ${most}` : null;
}
