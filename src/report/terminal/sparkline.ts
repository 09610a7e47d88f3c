const BLOCKS = '▁▂▃▄▅▆▇█';
/** What is not finite. */
const LOST = '×';
/** A range is drawn logarithmically where its ends differ by this factor, as in the figures. */
const LOGARITHMIC = 30;

/** The values between which a sparkline is drawn. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** The range of the finite ones of these values; null where there is none. */
export function rangeOf(values: readonly (number | null)[]): Range | null {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? { low, high } : null;
}

/** Whether a sparkline of this range has a logarithmic scale. */
export function isLogarithmic({ low, high }: Range): boolean {
  return low > 0 && high / low >= LOGARITHMIC;
}

/**
 * A curve as blocks of eight heights, of at most so many characters: each is a value or the mean of neighbouring ones, `×`
 * where one of them is null or not finite.
 */
export function sparkline(values: readonly (number | null)[], width: number, range: Range | null): string {
  if (range === null) return LOST.repeat(Math.min(width, values.length));
  const scale = isLogarithmic(range) ? Math.log : (value: number) => value;
  const [low, high] = [scale(range.low), scale(range.high)];
  const cells = Math.min(values.length, Math.max(1, width));
  return Array.from({ length: cells }, (_, cell) => {
    const [from, to] = [cell, cell + 1].map((place) => Math.floor((place * values.length) / cells));
    const bucket = values.slice(from, to);
    if (bucket.some((value) => value === null || !Number.isFinite(value))) return LOST;
    const mean = bucket.reduce<number>((sum, value) => sum + scale(value ?? 0), 0) / bucket.length;
    const height = high === low ? 0.5 : (mean - low) / (high - low);
    return BLOCKS[Math.min(BLOCKS.length - 1, Math.max(0, Math.floor(height * BLOCKS.length)))];
  }).join('');
}
