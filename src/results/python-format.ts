import { nonFiniteName, type SettingValue } from './setting-value.js';

/**
 * A float as DeepOBS writes it in folder names (its float2str, NumPy's format_float_scientific): ten decimals in
 * scientific notation, trailing zeros removed but the point kept, an exponent of at least two digits.
 * 0.11288378916846883 → 1.1288378917e-01, 1e-5 → 1.e-05. Throws RangeError for a non-finite number.
 */
export function float2str(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`float2str needs a finite number, found ${value}`);
  const [mantissa = '', exponent = ''] = (value === 0 ? 0 : value).toExponential(10).split('e');
  return `${mantissa.replace(/0+$/, '')}e${exponent.slice(0, 1)}${exponent.slice(1).padStart(2, '0')}`;
}

/** A float as Python's repr writes it: 0.1, 1.0, 1e-05, 1e+16. */
export function pythonFloat(value: number): string {
  const size = Math.abs(value);
  // Where both write digits only, they write the same ones; this is nearly every measured value.
  if (size >= 1e-4 && size < 1e16) return Number.isInteger(value) ? `${value}.0` : String(value);
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  return `${mantissa}e${exponent.slice(0, 1)}${exponent.slice(1).padStart(2, '0')}`;
}

/** Python's str() of a list, from its formatted elements. */
export function pythonList(elements: readonly string[]): string {
  return `[${elements.join(', ')}]`;
}

/**
 * Python's str() of a value as it stands in folder names: a list or dictionary shows its members by repr, in which a text
 * has quotation marks. `isInteger` tells, by the place of a number (`''`, `/0`, `/name`), what Python holds as an int.
 */
export function pythonText(value: SettingValue, isInteger: (place: string) => boolean = () => false): string {
  if (typeof value === 'string') return value;
  return pythonRepr(value, isInteger, '');
}

function pythonRepr(value: SettingValue, isInteger: (place: string) => boolean, place: string): string {
  if (value === null) return 'None';
  switch (typeof value) {
    case 'boolean':
      return value ? 'True' : 'False';
    case 'number':
      if (!Number.isFinite(value)) return nonFiniteName(value);
      return isInteger(place) ? String(value) : pythonFloat(value);
    case 'string': {
      const mark = value.includes("'") && !value.includes('"') ? '"' : "'";
      return `${mark}${value.replaceAll('\\', '\\\\').replaceAll(mark, `\\${mark}`)}${mark}`;
    }
  }
  if (Array.isArray(value))
    return pythonList(value.map((entry, index) => pythonRepr(entry, isInteger, `${place}/${index}`)));
  const members = Object.entries(value).map(
    ([name, entry]) => `${pythonRepr(name, isInteger, '')}: ${pythonRepr(entry, isInteger, `${place}/${name}`)}`,
  );
  return `{${members.join(', ')}}`;
}
