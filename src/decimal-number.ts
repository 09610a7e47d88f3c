const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * The number that a text states in decimals, as people write it: `0.1`, `1e-3`. NaN for everything else, also for what
 * JavaScript takes for a number besides: `0x10`, `0b11`, a blank text, blanks around.
 */
export function decimalNumber(text: string): number {
  return DECIMAL.test(text) ? Number(text) : Number.NaN;
}
