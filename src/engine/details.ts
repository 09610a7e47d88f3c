import type { EngineRecord } from './engine.js';

/**
 * What differs between the details of two engine records, in words such as `blockSize 0, was 16`: the same configuration gives
 * other numbers then. Empty where they are equal.
 */
export function differingDetails(before: EngineRecord['details'], now: EngineRecord['details']): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return names
    .filter((name) => before[name] !== now[name])
    .map((name) => `${name} ${now[name] ?? 'not stated'}, was ${before[name] ?? 'not stated'}`);
}
