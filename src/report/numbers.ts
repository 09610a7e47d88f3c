/** Significant digits of the standard error to which a mean is printed. */
const ERROR_DIGITS = 2;
const MOST_DECIMALS = 8;
/** An error that rounding explains is none. */
const ROUNDING = 1e-9;

/** How a quantity is printed: one number of decimals for its mean, spread and interval. */
export type NumberFormat = (value: number) => string;

/**
 * Decimals by the standard error: a mean is printed to the second significant digit of its error, so that no digit is noise
 * and none is missing. Without an error an accuracy has four decimals (an image of 10,000) and a loss four significant digits.
 */
export function numberFormat(value: number | null, error: number | null, accuracy: boolean): NumberFormat {
  const size = Math.abs(value ?? 0);
  if (!accuracy && size !== 0 && (size >= 1e6 || size < 1e-4)) return (number) => number.toExponential(3);
  const decimals = decimalsOf(size, error, accuracy);
  return (number) => (Number.isFinite(number) ? number.toFixed(decimals) : String(number));
}

function decimalsOf(size: number, error: number | null, accuracy: boolean): number {
  const digits =
    error !== null && error > ROUNDING * size && Number.isFinite(error)
      ? ERROR_DIGITS - 1 - Math.floor(Math.log10(error))
      : accuracy
        ? 4
        : 3 - Math.floor(Math.log10(size || 1));
  return Math.min(accuracy ? 6 : MOST_DECIMALS, Math.max(0, digits));
}

/** `+0.012`, `−0.012`. */
export function signed(format: NumberFormat): NumberFormat {
  return (value) => `${value < 0 ? '−' : '+'}${format(Math.abs(value))}`;
}

/** So many significant digits at most, without a point that says nothing: `12.3`, `340`. */
export function shortNumber(value: number, digits = 3): string {
  return String(Number(value.toPrecision(digits)));
}
