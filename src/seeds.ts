/** The largest seed: 2³² − 1. */
export const LARGEST_SEED = 0xffff_ffff;

/** More are a mistake. */
export const MOST_SEEDS = 100_000;

/** What is wrong with more. */
export const TOO_MANY_SEEDS = `found more than ${MOST_SEEDS} seeds, expected fewer`;

/** Seeds as texts state them: `42`, `42-51`, or several with commas; else what is wrong, in words. */
export function readSeeds(text: string): number[] | string {
  const wrong = `found ${JSON.stringify(text)}, expected seeds from 0 to ${LARGEST_SEED}: 42, 42-51 or 42,45-47`;
  const seeds: number[] = [];
  for (const part of text.split(',')) {
    const range = /^\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(part);
    const first = Number(range?.[1]);
    const last = Number(range?.[2] ?? range?.[1]);
    if (range === null || last > LARGEST_SEED || first > last) return wrong;
    if (last - first >= MOST_SEEDS - seeds.length) return TOO_MANY_SEEDS;
    for (let seed = first; seed <= last; seed++) seeds.push(seed);
  }
  return seeds;
}

/** The first seed that a list has more than once. */
export function seedTwice(seeds: readonly number[]): number | undefined {
  const seen = new Set<number>();
  return seeds.find((seed) => seen.size === seen.add(seed).size);
}
