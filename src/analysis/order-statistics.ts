/**
 * The q-quantile of values by selection (Hoare 1961), the same number as `quantileOfSorted` of the sorted ones, in linear
 * time: a curve has hundreds of intervals, and sorting their resamples took most of the time. Reorders the values.
 */
export function selectQuantile(values: Float64Array, q: number): number {
  const position = q * (values.length - 1);
  const index = Math.floor(position);
  if (values.length === 0) return Number.NaN;
  select(values, index);
  const low = values[index] ?? Number.NaN;
  let high = index + 1 < values.length ? Number.POSITIVE_INFINITY : low;
  for (let above = index + 1; above < values.length; above++) {
    const value = values[above] as number;
    if (value < high) high = value;
  }
  return position === index || low === high ? low : low + (position - index) * (high - low);
}

/** Puts the value that has this place in ascending order there, smaller ones before it and larger ones behind. */
function select(values: Float64Array, place: number): void {
  let [left, right] = [0, values.length - 1];
  while (left < right) {
    const pivot = values[(left + right) >> 1] as number;
    let [low, high] = [left, right];
    while (low <= high) {
      while ((values[low] as number) < pivot) low++;
      while ((values[high] as number) > pivot) high--;
      if (low > high) break;
      const swapped = values[low] as number;
      values[low++] = values[high] as number;
      values[high--] = swapped;
    }
    if (place <= high) right = high;
    else if (place >= low) left = low;
    else return;
  }
}
