import { select } from './order-statistics.js';

/** Samples that are resampled at a time: the sums of one resample wait for each other, those of several samples do not. */
export const LANES = 4;

/** A resample with less variance has none but for rounding; deviations are in standard deviations. */
const SPREAD = 1e-12;
/** Where rounding may decide about that, a resample is computed in full. */
const LITTLE = 10 * SPREAD;
/** Every so manieth resample is looked at first, to guess where the tails begin. */
const STRIDE = 16;
/** How many standard deviations of its own count a guess lets through besides, so that it seldom lets through too little. */
const SPARE = 2.5;
/** What is near a guess is computed in full: far more than rounding. */
const SLACK = 1 - 1e-6;

/** Samples of one size: their deviations in standard deviations, value by value, those of {@link LANES} samples side by side. */
interface Lanes {
  /** Lanes that have a sample; what the others have is of no use. */
  readonly used: number;
  readonly deviations: Float64Array;
  readonly resamples: Resamples;
}

/** Which values make up each resample. */
export interface Resamples {
  readonly n: number;
  /** The number of the value of each draw, n of them for each resample, one after the other. */
  readonly chosen: ArrayLike<number>;
  /** The same draws, two at a time: where their row begins in a table of all pairs, `pairsEach` of them for each resample. */
  readonly pairs: Uint16Array | Uint32Array;
  readonly pairsEach: number;
  /** Whether two draws stand together; samples of many values have too many pairs for a table. */
  readonly paired: boolean;
}

/** Above this many values the table of pairs is larger than the memory near a processor. */
const MOST_PAIRED = 45;
/** Numbers of a row of the table: sums of the lanes, then sums of squares. */
const ROW = 2 * LANES;

/** The resamples whose draws are these. */
export function resamplesOf(n: number, chosen: ArrayLike<number>): Resamples {
  const paired = n <= MOST_PAIRED;
  const pairsEach = paired ? Math.ceil(n / 2) : n;
  const count = chosen.length / n;
  const rows = paired ? (n + 1) ** 2 : n;
  const pairs = rows * ROW <= 65_536 ? new Uint16Array(count * pairsEach) : new Uint32Array(count * pairsEach);
  for (let resample = 0; resample < count; resample++) {
    for (let pair = 0; pair < pairsEach; pair++) {
      const draw = resample * n + pair * (paired ? 2 : 1);
      const first = chosen[draw] as number;
      // The last draw of an odd number stands with value n, which is none.
      const second = draw + 1 < (resample + 1) * n ? (chosen[draw + 1] as number) : n;
      pairs[resample * pairsEach + pair] = (paired ? first * (n + 1) + second : first) * ROW;
    }
  }
  return { n, chosen, pairs, pairsEach, paired };
}

/** Where the ends of a lane's distribution begin: quantiles lie at most at `low` and at least at `high`. */
interface Limits {
  readonly low: number;
  readonly high: number;
}

/**
 * The quantiles `lower` and `upper` (near 0 and 1) of m √n / s over the resamples, m and s their means and sample standard
 * deviations, for each lane: by linear interpolation, as `quantile` has it. Only resamples beyond a guess of these are
 * divided, rooted and looked through, because intervals of curves take thousands of quantiles; the result is that of all.
 */
export function studentizedQuantiles(
  lanes: Lanes,
  [lower, upper]: readonly [number, number],
): { readonly low: number; readonly high: number }[] {
  const tail = Math.max(lower, 1 - upper);
  const resamples = countOf(lanes.resamples);
  const table = tableOfPairs(lanes);
  const limits = guessLimits(lanes.resamples, table, tail);
  const found = candidatesBeyond(lanes.resamples, table, limits).slice(0, lanes.used);
  return found.map((candidates, lane) => {
    const { low: least, high: most } = limits[lane] as Limits;
    const { values, lost } = studentized(lanes, lane, candidates);
    const kept = resamples - lost;
    if (least < 0 && most > 0) {
      const { lows, highs } = ends(values, least, most);
      const low = quantileOfTail(lows, { kept, below: 0, q: lower });
      const high = quantileOfTail(highs, { kept, below: kept - highs.length, q: upper });
      if (low !== null && high !== null) return { low, high };
    }
    const all = studentized(lanes, lane, everySo(resamples, 1)).values;
    const ofAll = (q: number) => quantileOfTail(all, { kept, below: 0, q }) ?? Number.NaN;
    return { low: ofAll(lower), high: ofAll(upper) };
  });
}

/** The q-quantile of `kept` values of which these stand beside each other, `below` of the others before them; null where it takes others. */
function quantileOfTail(
  values: Float64Array,
  { kept, below, q }: { readonly kept: number; readonly below: number; readonly q: number },
): number | null {
  const position = q * (kept - 1);
  const index = Math.floor(position);
  if (index < below || Math.min(index + 2, kept) > below + values.length) return null;
  const low = select(values, index - below);
  const high = index + 1 < kept ? select(values, index + 1 - below) : low;
  return position === index || low === high ? low : low + (position - index) * (high - low);
}

/** Where the tails of each lane begin, from some of the resamples. */
function guessLimits({ n, chosen, pairs, pairsEach }: Resamples, table: Float64Array, tail: number): Limits[] {
  const count = Math.ceil(chosen.length / n / STRIDE);
  const wanted = count * tail;
  const place = Math.min(count, Math.ceil(wanted + SPARE * Math.sqrt(wanted)) + 1);
  return Array.from({ length: LANES }, (_, lane): Limits => {
    const signed = new Float64Array(count);
    for (let look = 0; look < count; look++) {
      const start = look * STRIDE * pairsEach;
      let sum = 0;
      let squares = 0;
      for (let pair = start; pair < start + pairsEach; pair++) {
        const at = pairs[pair] as number;
        sum += table[at + lane] as number;
        squares += table[at + LANES + lane] as number;
      }
      const v = squares - (sum * sum) / n;
      // What has no spread belongs to no end.
      signed[look] = v < LITTLE * n ? 0 : ((sum * Math.abs(sum)) / v / n) * (n - 1);
    }
    return { low: rooted(select(signed, place - 1)), high: rooted(select(signed, count - place)) };
  });
}

/** t of t |t|: which sign a sum has no processor can predict, so its square keeps it. */
function rooted(square: number): number {
  return Math.sign(square) * Math.sqrt(Math.abs(square));
}

function countOf({ n, chosen }: Resamples): number {
  return chosen.length / n;
}

function everySo(resamples: number, stride: number): Uint32Array {
  const found = new Uint32Array(Math.ceil(resamples / stride));
  for (let index = 0; index < found.length; index++) found[index] = index * stride;
  return found;
}

function ends(values: Float64Array, least: number, most: number): { lows: Float64Array; highs: Float64Array } {
  const [lows, highs] = [new Float64Array(values.length), new Float64Array(values.length)];
  let low = 0;
  let high = 0;
  for (let place = 0; place < values.length; place++) {
    const value = values[place] as number;
    if (value <= least) lows[low++] = value;
    if (value >= most) highs[high++] = value;
  }
  return { lows: lows.subarray(0, low), highs: highs.subarray(0, high) };
}

/** m √n / s of these resamples, and how many of them have no spread and no value. */
function studentized(
  { deviations, resamples: { n, chosen } }: Lanes,
  lane: number,
  resamples: Uint32Array,
): { values: Float64Array; lost: number } {
  const values = new Float64Array(resamples.length);
  let kept = 0;
  for (let place = 0; place < resamples.length; place++) {
    const start = (resamples[place] as number) * n;
    let sum = 0;
    let squares = 0;
    for (let draw = start; draw < start + n; draw++) {
      const deviation = deviations[(chosen[draw] as number) * LANES + lane] as number;
      sum += deviation;
      squares += deviation * deviation;
    }
    const variance = (squares - (sum * sum) / n) / (n - 1);
    if (variance > SPREAD) values[kept++] = sum / n / Math.sqrt(variance / n);
  }
  return { values: values.subarray(0, kept), lost: resamples.length - kept };
}

/** Sum and sum of squares of the deviations of each pair of values, a row for each, as {@link Resamples} numbers them. */
function tableOfPairs({ deviations, resamples: { n, paired } }: Lanes): Float64Array {
  const seconds = paired ? n + 1 : 1;
  const table = new Float64Array((paired ? n + 1 : n) * seconds * ROW);
  let at = 0;
  for (let first = 0; first < n; first++) {
    for (let second = 0; second < seconds; second++) {
      const isAlone = !paired || second === n;
      for (let lane = 0; lane < LANES; lane++) {
        const one = deviations[first * LANES + lane] as number;
        const other = isAlone ? 0 : (deviations[second * LANES + lane] as number);
        table[at + lane] = one + other;
        table[at + LANES + lane] = one * one + other * other;
      }
      at += ROW;
    }
  }
  return table;
}

/**
 * For each lane the resamples beyond its limits, up to {@link SLACK}, and those that may have no spread. The sums are used
 * in no call: an engine would put each into an object of its own.
 */
function candidatesBeyond(
  { n, chosen, pairs, pairsEach }: Resamples,
  table: Float64Array,
  limits: readonly Limits[],
): Uint32Array[] {
  const resamples = chosen.length / n;
  const found = Array.from({ length: LANES }, () => new Uint32Array(resamples));
  const [found0, found1, found2, found3] = found as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];
  let count0 = 0;
  let count1 = 0;
  let count2 = 0;
  let count3 = 0;
  // t |t| = Σx |Σx| (n − 1) / (n v), v = Σx² − (Σx)² / n.
  const signed = (limit: number) => ((limit * Math.abs(limit) * n) / (n - 1)) * SLACK;
  // Limits of one sign are no ends of a distribution around 0; then every resample is looked at.
  const [low0, low1, low2, low3] = limits.map(({ low, high }) => (low < 0 && high > 0 ? signed(low) : Infinity)) as [
    number,
    number,
    number,
    number,
  ];
  const [high0, high1, high2, high3] = limits.map(({ high }) => signed(high)) as [number, number, number, number];
  const inverse = 1 / n;
  const little = LITTLE * n;
  for (let resample = 0, pair = 0; resample < resamples; resample++) {
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    let squares0 = 0;
    let squares1 = 0;
    let squares2 = 0;
    let squares3 = 0;
    for (const end = pair + pairsEach; pair < end; pair++) {
      const at = pairs[pair] as number;
      sum0 += table[at] as number;
      sum1 += table[at + 1] as number;
      sum2 += table[at + 2] as number;
      sum3 += table[at + 3] as number;
      squares0 += table[at + 4] as number;
      squares1 += table[at + 5] as number;
      squares2 += table[at + 6] as number;
      squares3 += table[at + 7] as number;
    }
    const v0 = squares0 - sum0 * sum0 * inverse;
    const v1 = squares1 - sum1 * sum1 * inverse;
    const v2 = squares2 - sum2 * sum2 * inverse;
    const v3 = squares3 - sum3 * sum3 * inverse;
    const s0 = sum0 * Math.abs(sum0);
    const s1 = sum1 * Math.abs(sum1);
    const s2 = sum2 * Math.abs(sum2);
    const s3 = sum3 * Math.abs(sum3);
    if (v0 < little || s0 <= low0 * v0 || s0 >= high0 * v0) found0[count0++] = resample;
    if (v1 < little || s1 <= low1 * v1 || s1 >= high1 * v1) found1[count1++] = resample;
    if (v2 < little || s2 <= low2 * v2 || s2 >= high2 * v2) found2[count2++] = resample;
    if (v3 < little || s3 <= low3 * v3 || s3 >= high3 * v3) found3[count3++] = resample;
  }
  return [count0, count1, count2, count3].map((count, lane) => (found[lane] as Uint32Array).subarray(0, count));
}
