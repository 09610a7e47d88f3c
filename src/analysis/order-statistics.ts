/**
 * The value that has this place (from 0) in ascending order, by selection (Hoare 1961): in linear time, the same as after
 * sorting. Reorders the values: smaller ones stand before that place and larger ones behind. NaN for a place that is none.
 */
export function select(values: Float64Array, place: number): number {
  let left = 0;
  let right = values.length - 1;
  while (left < right) {
    const pivot = values[(left + right) >> 1] as number;
    let low = left;
    let high = right;
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
    else break;
  }
  return values[place] ?? Number.NaN;
}
