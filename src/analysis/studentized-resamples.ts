import { select } from './order-statistics.js';
import { quantileOfSorted } from './statistics.js';

/** Samples that are resampled at a time: the sums of one resample wait for each other, those of several samples do not. */
export const LANES = 4;

/** A resample with less variance has none but for rounding; deviations are in standard deviations. */
const SPREAD = 1e-12;
/** Every so manieth resample is looked at first, to guess where the tails begin. */
const STRIDE = 32;
/** How much more than is needed a guess lets through, so that it seldom lets through too little. */
const SPARE = 1.35;
/** What is near a guess is computed in full: far more than rounding. */
const SLACK = 1 - 1e-6;

/** Samples of one size: their deviations in standard deviations, value by value, those of {@link LANES} samples side by side. */
interface Lanes {
  readonly n: number;
  readonly deviations: Float64Array;
  /** Which values make up each resample, n of them one after the other. */
  readonly chosen: ArrayLike<number>;
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
  const limits = Array.from({ length: LANES }, (_, lane) => guessLimits(lanes, lane, tail));
  const resamples = lanes.chosen.length / lanes.n;
  return candidatesBeyond(lanes, limits).map((candidates, lane) => {
    const { low: least, high: most } = limits[lane] as Limits;
    const { values, lost } = studentized(lanes, lane, candidates);
    const kept = resamples - lost;
    if (least < 0 && most > 0) {
      const { lows, highs } = ends(values, least, most);
      const low = quantileOfTail(lows, { kept, below: 0, q: lower });
      const high = quantileOfTail(highs, { kept, below: kept - highs.length, q: upper });
      if (low !== null && high !== null) return { low, high };
    }
    const all = studentized(lanes, lane, everySo(resamples, 1)).values.sort();
    return { low: quantileOfSorted(all, lower), high: quantileOfSorted(all, upper) };
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

function guessLimits(lanes: Lanes, lane: number, tail: number): Limits {
  const { values } = studentized(lanes, lane, everySo(lanes.chosen.length / lanes.n, STRIDE));
  const count = Math.min(values.length, Math.ceil(values.length * tail * SPARE) + 2);
  return { low: select(values, count - 1), high: select(values, values.length - count) };
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
  { n, deviations, chosen }: Lanes,
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

/**
 * For each lane the resamples beyond its limits, up to {@link SLACK}, and those that may have no spread. The sums are used
 * in no call: an engine would put each into an object of its own.
 */
function candidatesBeyond({ n, deviations, chosen }: Lanes, limits: readonly Limits[]): Uint32Array[] {
  const resamples = chosen.length / n;
  const found = Array.from({ length: LANES }, () => new Uint32Array(resamples));
  const [found0, found1, found2, found3] = found as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];
  let count0 = 0;
  let count1 = 0;
  let count2 = 0;
  let count3 = 0;
  // t² = (Σx)² (n − 1) / (n v), v = Σx² − (Σx)² / n: t is beyond a limit when (Σx)² is at least so many times v.
  // The nearer limit for both ends: which sign a sum has no processor can predict.
  const times = limits.map(({ low, high }) => ((Math.min(low * low, high * high) * n) / (n - 1)) * SLACK);
  const [times0, times1, times2, times3] = times as [number, number, number, number];
  const inverse = 1 / n;
  const little = 10 * SPREAD * n;
  for (let resample = 0; resample < resamples; resample++) {
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    let squares0 = 0;
    let squares1 = 0;
    let squares2 = 0;
    let squares3 = 0;
    const start = resample * n;
    for (let draw = start; draw < start + n; draw++) {
      const at = (chosen[draw] as number) * LANES;
      const deviation0 = deviations[at] as number;
      const deviation1 = deviations[at + 1] as number;
      const deviation2 = deviations[at + 2] as number;
      const deviation3 = deviations[at + 3] as number;
      sum0 += deviation0;
      sum1 += deviation1;
      sum2 += deviation2;
      sum3 += deviation3;
      squares0 += deviation0 * deviation0;
      squares1 += deviation1 * deviation1;
      squares2 += deviation2 * deviation2;
      squares3 += deviation3 * deviation3;
    }
    const v0 = squares0 - sum0 * sum0 * inverse;
    const v1 = squares1 - sum1 * sum1 * inverse;
    const v2 = squares2 - sum2 * sum2 * inverse;
    const v3 = squares3 - sum3 * sum3 * inverse;
    if (v0 < little || sum0 * sum0 >= times0 * v0) found0[count0++] = resample;
    if (v1 < little || sum1 * sum1 >= times1 * v1) found1[count1++] = resample;
    if (v2 < little || sum2 * sum2 >= times2 * v2) found2[count2++] = resample;
    if (v3 < little || sum3 * sum3 >= times3 * v3) found3[count3++] = resample;
  }
  return [count0, count1, count2, count3].map((count, lane) => (found[lane] as Uint32Array).subarray(0, count));
}
