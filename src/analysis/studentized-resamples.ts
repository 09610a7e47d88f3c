import { select } from './order-statistics.js';
import type { Resamples } from './resamples.js';
import { quantileOfSorted } from './statistics.js';

/** Samples that are resampled at a time: the sums of one resample wait for each other, those of several samples do not. */
export const LANES = 4;

/** A resample with less variance has none but for rounding; deviations are in standard deviations. */
const SPREAD = 1e-12;
/** Where rounding may decide about that, a resample is computed draw by draw. */
const LITTLE = 10 * SPREAD;
/** Every so manieth resample is looked at first, to guess where the tails begin. */
const STRIDE = 16;
/** How many standard deviations of its own count a guess lets through besides, so that it seldom lets through too little. */
const SPARE = 2.5;
/** What is near a guess is let through: far more than rounding. */
const SLACK = 1 - 1e-6;
/** So near to it, whatever rounding does, all was let through. */
const CERTAIN = 1 - 5e-7;
/** Sizes that differ by less, as a fraction, may stand in the other order for rounding. */
const NEAR = 1e-9;
/** A tail that begins nearer to 0 is none: rounding is no longer small beside its sizes. */
const NEAREST_TAIL = 1e-4;
/** Numbers of a row of the table: sums of the lanes, then sums of squares. */
const ROW = 2 * LANES;

/** Samples of one size: their deviations in standard deviations, value by value, those of {@link LANES} samples side by side. */
interface Lanes {
  /** Lanes that have a sample; what the others have is of no use. */
  readonly used: number;
  readonly deviations: Float64Array;
  readonly resamples: Resamples;
}

/**
 * Where the tails of a lane begin, by the size (Σx)² / Σx² of a resample. Since t² = (n − 1) size / (n − size), sizes have
 * the order of |t|. Infinity for an end that is no tail.
 */
interface Limits {
  readonly low: number;
  readonly high: number;
}

/** Places of the resamples of a lane that were found beyond its nearer limit. */
type Found = Int32Array;

/**
 * The quantiles `lower` and `upper` (near 0 and 1) of m √n / s over the resamples, m and s their means and sample standard
 * deviations, for each lane: by linear interpolation, as `quantile` has it. Sums over a resample are put together from parts that many
 * resamples share; these find the few resamples near a quantile, and only those are computed draw by draw, because
 * intervals of curves take thousands of quantiles. The result is that of computing all, to the last bit.
 */
export function studentizedQuantiles(
  lanes: Lanes,
  [lower, upper]: readonly [number, number],
): { readonly low: number; readonly high: number }[] {
  const { resamples, used } = lanes;
  const table = tableOfRows(lanes);
  const limits = guessLimits(resamples, table, Math.max(lower, 1 - upper));
  const found = beyond(resamples, table, limits);
  return limits.slice(0, used).map((limit, lane) => {
    const { lows, highs, withoutSpread } = tailsOf(resamples, table, { lane, limit, found: found[lane] as Found });
    const kept = resamples.count - withoutSpread.length;
    const isLost = (place: number) => studentized(lanes, lane, resamples.order[place] as number) === null;
    // Where rounding has left a value to one of those, it may stand anywhere.
    if (lows !== null && highs !== null && withoutSpread.every(isLost)) {
      const low = quantileOf(kept, lower, (place) => valuesOf(lanes, lane, lows, [place, place + 1]));
      const high = quantileOf(kept, upper, (place) => {
        const [above, own] = valuesOf(lanes, lane, highs, [kept - 2 - place, kept - 1 - place]) ?? [];
        return own === undefined || above === undefined ? null : [own, above];
      });
      if (low !== null && high !== null) return { low, high };
    }
    return quantilesOfAll(lanes, lane, [lower, upper]);
  });
}

/** Sum and sum of squares of the deviations of each row of the resamples. */
function tableOfRows({ deviations, resamples: { parents, added } }: Lanes): Float64Array {
  const table = new Float64Array(parents.length * ROW);
  for (let row = 1; row < parents.length; row++) {
    const parent = (parents[row] as number) * ROW;
    const value = (added[row] as number) * LANES;
    const at = row * ROW;
    for (let lane = 0; lane < LANES; lane++) {
      const deviation = deviations[value + lane] as number;
      table[at + lane] = (table[parent + lane] as number) + deviation;
      table[at + LANES + lane] = (table[parent + LANES + lane] as number) + deviation * deviation;
    }
  }
  return table;
}

/** Where the tails of each lane begin, from some of the resamples. */
function guessLimits({ n, rows, blocks, count }: Resamples, table: Float64Array, tail: number): Limits[] {
  const looks = Math.ceil(count / STRIDE);
  const wanted = looks * tail;
  const place = Math.min(looks, Math.ceil(wanted + SPARE * Math.sqrt(wanted)) + 1);
  const sizes = Array.from({ length: LANES }, () => new Float64Array(looks));
  for (let look = 0; look < looks; look++) {
    const start = look * STRIDE * blocks;
    for (let lane = 0; lane < LANES; lane++) {
      let sum = 0;
      let squares = 0;
      for (let part = start; part < start + blocks; part++) {
        const at = Math.imul(rows[part] as number, ROW) + lane;
        sum += table[at] as number;
        squares += table[at + LANES] as number;
      }
      const square = sum * sum;
      // What has no spread belongs to no end.
      const size = squares - square / n < LITTLE * n ? 0 : square / squares;
      (sizes[lane] as Float64Array)[look] = sum < 0 ? -size : size;
    }
  }
  return sizes.map((own): Limits => {
    const low = -select(own, place - 1);
    const high = select(own, looks - place);
    return { low: low > NEAREST_TAIL ? low : Infinity, high: high > NEAREST_TAIL ? high : Infinity };
  });
}

/** Kept from call to call: thousands of new ones keep the collector of garbage busy. */
let room: Found[] = [];

function roomFor(count: number): Found[] {
  if ((room[0]?.length ?? 0) < count) room = Array.from({ length: LANES }, () => new Int32Array(count));
  return room;
}

/** For each lane the resamples beyond its nearer limit. The sums are used in no call: an engine would put each into an object of its own. */
function beyond({ rows, blocks, count }: Resamples, table: Float64Array, limits: readonly Limits[]): readonly Found[] {
  const found = roomFor(count);
  const [found0, found1, found2, found3] = found as [Found, Found, Found, Found];
  let length0 = 0;
  let length1 = 0;
  let length2 = 0;
  let length3 = 0;
  const nearer = limits.map(({ low, high }) => Math.min(low, high) * SLACK);
  const [limit0, limit1, limit2, limit3] = nearer as [number, number, number, number];
  for (let place = 0, part = 0; place < count; place++) {
    const end = part + blocks;
    let one = Math.imul(rows[part++] as number, ROW);
    let other = Math.imul(rows[part++] as number, ROW);
    let sum0 = (table[one] as number) + (table[other] as number);
    let sum1 = (table[one + 1] as number) + (table[other + 1] as number);
    let sum2 = (table[one + 2] as number) + (table[other + 2] as number);
    let sum3 = (table[one + 3] as number) + (table[other + 3] as number);
    let squares0 = (table[one + 4] as number) + (table[other + 4] as number);
    let squares1 = (table[one + 5] as number) + (table[other + 5] as number);
    let squares2 = (table[one + 6] as number) + (table[other + 6] as number);
    let squares3 = (table[one + 7] as number) + (table[other + 7] as number);
    while (part < end) {
      one = Math.imul(rows[part++] as number, ROW);
      other = Math.imul(rows[part++] as number, ROW);
      sum0 += (table[one] as number) + (table[other] as number);
      sum1 += (table[one + 1] as number) + (table[other + 1] as number);
      sum2 += (table[one + 2] as number) + (table[other + 2] as number);
      sum3 += (table[one + 3] as number) + (table[other + 3] as number);
      squares0 += (table[one + 4] as number) + (table[other + 4] as number);
      squares1 += (table[one + 5] as number) + (table[other + 5] as number);
      squares2 += (table[one + 6] as number) + (table[other + 6] as number);
      squares3 += (table[one + 7] as number) + (table[other + 7] as number);
    }
    // What has no spread has the largest size there is, or 0 on both sides.
    if (sum0 * sum0 >= limit0 * squares0) found0[length0++] = place;
    if (sum1 * sum1 >= limit1 * squares1) found1[length1++] = place;
    if (sum2 * sum2 >= limit2 * squares2) found2[length2++] = place;
    if (sum3 * sum3 >= limit3 * squares3) found3[length3++] = place;
  }
  return [length0, length1, length2, length3].map((length, lane) => (found[lane] as Found).subarray(0, length));
}

/** Resamples in one tail of a lane, all from some size on. */
interface Tail {
  /** Of t. */
  readonly sign: -1 | 1;
  readonly sizes: Float64Array;
  /** Where each stands in the order of the resamples. */
  readonly places: Int32Array;
  /** All that are larger were found. */
  readonly complete: number;
}

/** Both tails, null for an end that is none, and the places of resamples that may have no spread. */
function tailsOf(
  { n, rows, blocks }: Resamples,
  table: Float64Array,
  { lane, limit: { low, high }, found }: { readonly lane: number; readonly limit: Limits; readonly found: Found },
): { readonly lows: Tail | null; readonly highs: Tail | null; readonly withoutSpread: readonly number[] } {
  const withoutSpread: number[] = [];
  const [lowSizes, highSizes] = [new Float64Array(found.length), new Float64Array(found.length)];
  const [lowPlaces, highPlaces] = [new Int32Array(found.length), new Int32Array(found.length)];
  const [leastLow, leastHigh] = [low * SLACK, high * SLACK];
  let lows = 0;
  let highs = 0;
  for (let index = 0; index < found.length; index++) {
    const place = found[index] as number;
    let sum = 0;
    let squares = 0;
    for (let part = place * blocks; part < (place + 1) * blocks; part += 2) {
      const one = Math.imul(rows[part] as number, ROW) + lane;
      const other = Math.imul(rows[part + 1] as number, ROW) + lane;
      sum += (table[one] as number) + (table[other] as number);
      squares += (table[one + LANES] as number) + (table[other + LANES] as number);
    }
    const square = sum * sum;
    const size = square / squares;
    if (squares - square / n < LITTLE * n) withoutSpread.push(place);
    else if (sum < 0 && size >= leastLow) {
      lowPlaces[lows] = place;
      lowSizes[lows++] = size;
    } else if (sum > 0 && size >= leastHigh) {
      highPlaces[highs] = place;
      highSizes[highs++] = size;
    }
  }
  const tail = (sign: -1 | 1, limit: number, sizes: Float64Array, places: Int32Array): Tail | null =>
    limit === Infinity ? null : { sign, sizes, places, complete: limit * CERTAIN };
  return {
    lows: tail(-1, low, lowSizes.subarray(0, lows), lowPlaces),
    highs: tail(1, high, highSizes.subarray(0, highs), highPlaces),
    withoutSpread,
  };
}

/**
 * The values at two neighbouring places of a tail, counted from its end; null where those that were found do not decide it. Sizes say
 * which resamples can stand there; of these the values are computed.
 */
function valuesOf(
  lanes: Lanes,
  lane: number,
  { sign, sizes, places, complete }: Tail,
  [outer, inner]: readonly [number, number],
): readonly [number, number] | null {
  const { length } = sizes;
  if (outer < 0 || inner >= length) return null;
  const inOrder = sizes.slice();
  const most = select(inOrder, length - 1 - outer) * (1 + NEAR);
  const least = select(inOrder, length - 1 - inner) * (1 - NEAR);
  if (least < complete) return null;
  const near: number[] = [];
  let before = 0;
  for (let index = 0; index < length; index++) {
    const size = sizes[index] as number;
    if (size < least) continue;
    if (size > most) before++;
    else near.push(studentized(lanes, lane, lanes.resamples.order[places[index] as number] as number) ?? 0);
  }
  near.sort((left, right) => (right - left) * sign);
  return [near[outer - before] as number, near[inner - before] as number];
}

/** The q-quantile of `kept` values, of which the two neighbours at a place and the next are asked; null where they are not known. */
function quantileOf(
  kept: number,
  q: number,
  neighbours: (place: number) => readonly [number, number] | null,
): number | null {
  const position = q * (kept - 1);
  const index = Math.floor(position);
  const found = neighbours(index);
  if (found === null) return null;
  const [low, high] = found;
  return position === index || low === high ? low : low + (position - index) * (high - low);
}

function quantilesOfAll(lanes: Lanes, lane: number, [lower, upper]: readonly [number, number]) {
  const values = new Float64Array(lanes.resamples.count);
  let kept = 0;
  for (let resample = 0; resample < lanes.resamples.count; resample++) {
    const value = studentized(lanes, lane, resample);
    if (value !== null) values[kept++] = value;
  }
  const sorted = values.subarray(0, kept).sort();
  return { low: quantileOfSorted(sorted, lower), high: quantileOfSorted(sorted, upper) };
}

/** m √n / s of one resample, draw by draw; null without spread. */
function studentized({ deviations, resamples: { n, chosen } }: Lanes, lane: number, resample: number): number | null {
  let sum = 0;
  let squares = 0;
  for (let draw = resample * n; draw < (resample + 1) * n; draw++) {
    const deviation = deviations[(chosen[draw] as number) * LANES + lane] as number;
    sum += deviation;
    squares += deviation * deviation;
  }
  const variance = (squares - (sum * sum) / n) / (n - 1);
  return variance > SPREAD ? sum / n / Math.sqrt(variance / n) : null;
}
