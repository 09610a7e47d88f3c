/** So many names fit into a line; of more only the nearest are named, if a listing has them all. */
const MOST_NAMES = 12;

/**
 * `not known; did you mean a, b or c? expected one of …`: for error lines about a name. `listing` is what has all names where they may be
 * too many for a line: `a name of probprec list optimizers`.
 */
export function notKnown(found: string, names: readonly string[], listing?: string): string {
  const nearest = nearestNames(found, names);
  const hint = nearest.length > 0 ? `did you mean ${alternatives(nearest)}? ` : '';
  const all = listing === undefined || names.length <= MOST_NAMES ? `one of ${names.join(', ')}` : listing;
  return `not known; ${hint}expected ${all}`;
}

/** ` (did you mean a, b or c?)`, or nothing when no name is near. */
export function didYouMean(found: string, names: readonly string[]): string {
  const nearest = nearestNames(found, names);
  return nearest.length === 0 ? '' : ` (did you mean ${alternatives(nearest)}?)`;
}

/** `a, b or c` */
function alternatives(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} or ${last}` : last;
}

/** The names that are closest to what was typed, at most three, none that is far off. */
export function nearestNames(found: string, names: readonly string[]): string[] {
  return names
    .map((name) => ({ name, distance: editDistance(found.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance }) => distance < name.length && distance <= Math.max(2, Math.floor(name.length / 3)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Insertions, deletions and replacements of one character, and swaps of two neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [row, letter] of [...a].entries()) {
    const current = [row + 1];
    for (const [column, other] of [...b].entries()) {
      const replaced = (previous[column] ?? 0) + (letter === other ? 0 : 1);
      const isSwap = row > 0 && column > 0 && letter === b[column - 1] && a[row - 1] === other;
      const swapped = isSwap ? (beforePrevious[column - 1] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      current.push(Math.min(replaced, swapped, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
