/** A list of fractions, from which the engine knows that all elements are numbers of 8 bytes; as long as was asked for. */
let fractions: number[] = [0.5];

/**
 * The same numbers in 8 bytes each. An engine that has once seen a list with null builds later ones at that place of objects, of three
 * times the size, and thousands of runs are held at a time. Lists with null stay as they are.
 */
export function flatNumbers<List extends readonly (number | null)[]>(list: List): List {
  if (list.includes(null)) return list;
  if (fractions.length < list.length) fractions = Array.from({ length: 2 * list.length }, () => 0.5);
  const flat: (number | null)[] = fractions.slice(0, list.length);
  for (const [index, value] of list.entries()) flat[index] = value;
  return flat as readonly (number | null)[] as List;
}
