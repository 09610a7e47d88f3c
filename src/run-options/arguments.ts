import { flagOf } from './option.js';
import { RUN_OPTIONS, type RunOptionKey } from './table.js';

/**
 * The arguments of `probprec run` for these values, in the order of the table; the optimizer's hyperparameters follow the
 * optimizer. What is null or undefined is left out; a switch has no value.
 */
export function argumentsInOrder(
  values: Readonly<Partial<Record<RunOptionKey, unknown>>>,
  hyperparameters: Readonly<Record<string, unknown>>,
): string[] {
  const stated = (Object.keys(RUN_OPTIONS) as RunOptionKey[]).flatMap((key): (readonly [string, unknown])[] => [
    [key, values[key]],
    ...(key === 'optimizer' ? Object.entries(hyperparameters) : []),
  ]);
  return stated.flatMap(([key, value]) => {
    if (value == null) return [];
    const isSwitch = Object.hasOwn(RUN_OPTIONS, key) && RUN_OPTIONS[key as RunOptionKey].takes.kind === 'switch';
    return isSwitch ? [flagOf(key)] : argumentsOf(key, String(value));
  });
}

/** A flag with its value as arguments of a command: joined where the value looks like a flag, or the flag like a switch. */
function argumentsOf(key: string, value: string): string[] {
  const flag = flagOf(key);
  return value.startsWith('-') || value === 'true' || value === 'false' ? [`${flag}=${value}`] : [flag, value];
}
