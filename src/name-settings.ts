import { ConfigurationError } from './errors.js';

/** A number that a name may state behind what it names, as `d50` in `quadratic_log_d50`. */
export interface NameSetting {
  /** The letter before the number. */
  readonly letter: string;
  /** What the number is, for messages and lists. */
  readonly what: string;
  readonly default: number;
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
}

/**
 * The numbers that a name states, by letter, with the defaults of those that it does not: `base_d50_c10`. Each name has one
 * spelling, because it decides which runs are the same experiment: settings in their order, none at its default, numbers as
 * JavaScript writes them. Throws ConfigurationError, one line with the right spelling where it can be told.
 */
export function readNameSettings(
  name: string,
  base: string,
  settings: readonly NameSetting[],
): Readonly<Record<string, number>> {
  const values = Object.fromEntries(settings.map((setting) => [setting.letter, setting.default]));
  const stated = name === base ? [] : name.slice(base.length + 1).split('_');
  for (const text of stated) {
    const setting = settings.find(({ letter }) => text.startsWith(letter));
    const value = /^\d+(\.\d+)?(e[+-]?\d+)?$/.test(text.slice(1)) ? Number(text.slice(1)) : Number.NaN;
    if (setting === undefined || !inRange(value, setting)) {
      throw new ConfigurationError({
        subject: name,
        found: `"${text}" behind ${base}`,
        expected: `some of ${settings.map(describeNameSetting).join('; ')}`,
      });
    }
    values[setting.letter] = value;
  }
  const right = nameWithSettings(base, values, settings);
  if (right !== name)
    throw new ConfigurationError({ subject: name, what: 'not known under this name', remedy: `write ${right}` });
  return values;
}

/** The one name for these settings. */
export function nameWithSettings(
  base: string,
  values: Readonly<Record<string, number>>,
  settings: readonly NameSetting[],
): string {
  const stated = settings.flatMap((setting) => {
    const value = values[setting.letter] ?? setting.default;
    return value === setting.default ? [] : [`${setting.letter}${value}`];
  });
  return [base, ...stated].join('_');
}

/** `d and a whole number from 2 to 1000 (dimensions, default 100)`. */
export function describeNameSetting({ letter, what, default: usual, least, most, whole }: NameSetting): string {
  return `${letter} and a ${whole ? 'whole ' : ''}number from ${least} to ${most} (${what}, default ${usual})`;
}

function inRange(value: number, { least, most, whole }: NameSetting): boolean {
  return value >= least && value <= most && (!whole || Number.isInteger(value));
}
