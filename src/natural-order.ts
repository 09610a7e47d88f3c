/**
 * The order in which people look for names: numbers in them by their size, so that `Optimizer2` stands before `Optimizer10`; all else by its
 * characters, the same on every machine. Negative when `left` comes first; 0 only for equal names.
 */
export function inNaturalOrder(left: string, right: string): number {
  if (left === right) return 0;
  const [ours, theirs] = [partsOf(left), partsOf(right)];
  for (const [place, own] of ours.entries()) {
    const other = theirs[place];
    if (other === undefined) return 1;
    if (own === other) continue;
    const [one, two] = [digitsOf(own), digitsOf(other)];
    if (one === null || two === null) return own < other ? -1 : 1;
    if (one.length !== two.length) return one.length - two.length;
    if (one !== two) return one < two ? -1 : 1;
  }
  // Equal but for leading zeros, or the beginning of the other.
  return ours.length - theirs.length || (left < right ? -1 : 1);
}

/** Runs of digits, and what stands between them. */
function partsOf(name: string): string[] {
  return name.match(/\d+|\D+/g) ?? [];
}

/** A whole number without leading zeros; of any length, so not a number of the language. */
function digitsOf(part: string): string | null {
  return /^\d/.test(part) ? part.replace(/^0+(?=\d)/, '') : null;
}
