import type { JsonValue } from './canonical-json.js';

/**
 * A value of a hyperparameter, as programs see it: a number may be infinite or NaN, and Python's lists and dictionaries
 * are lists and objects.
 */
export type SettingValue =
  | number
  | boolean
  | string
  | null
  | readonly SettingValue[]
  | { readonly [key: string]: SettingValue };

/** The values of the hyperparameters, by name. */
export type SettingValues = Readonly<Record<string, SettingValue>>;

/**
 * A value as strict JSON: a number that is not finite is `{"float": "inf"}`, `"-inf"` or `"nan"`, and a dictionary
 * `{"dict": {…}}`, so that neither is taken for null or for the other.
 */
export function encodeSetting(value: SettingValue): JsonValue {
  if (typeof value === 'number' && !Number.isFinite(value)) return { float: nonFiniteName(value) };
  if (typeof value !== 'object' || value === null) return value;
  return isList(value) ? value.map(encodeSetting) : { dict: encodeSettings(value) };
}

/** {@link encodeSetting} of every value. */
export function encodeSettings(values: SettingValues): Record<string, JsonValue> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, encodeSetting(value)]));
}

/** What {@link encodeSetting} made, back. */
export function decodeSetting(value: EncodedSetting): SettingValue {
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map(decodeSetting);
  return 'float' in value ? NON_FINITE[value.float] : decodeSettings(value.dict);
}

/** {@link decodeSetting} of every value. */
export function decodeSettings(values: Readonly<Record<string, EncodedSetting>>): SettingValues {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, decodeSetting(value)]));
}

/** A number that is not finite, as the files name it. */
export function nonFiniteName(value: number): 'nan' | 'inf' | '-inf' {
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
}

const NON_FINITE = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, '-inf': Number.NEGATIVE_INFINITY } as const;

/** A value as the files hold it. */
export type EncodedSetting =
  | number
  | boolean
  | string
  | null
  | readonly EncodedSetting[]
  | { readonly float: keyof typeof NON_FINITE }
  | { readonly dict: Readonly<Record<string, EncodedSetting>> };

function isList<T>(value: readonly T[] | object): value is readonly T[] {
  return Array.isArray(value);
}
