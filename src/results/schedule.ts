/** Factors on the learning rate, relative to the base rate, each from its epoch (from 0) on. Epochs ascend. */
export interface LearningRateSchedule {
  readonly epochs: readonly number[];
  readonly factors: readonly number[];
}

/**
 * The changes that a schedule makes in a run of so many epochs: pairs of epoch and factor. Entries that come after the last
 * epoch or repeat the factor in force change nothing and are left out, so that schedules with the same effect are equal.
 */
export function scheduleInForce(
  schedule: LearningRateSchedule | null,
  numEpochs: number,
): (readonly [epoch: number, factor: number])[] {
  const changes: [number, number][] = [];
  const inForce = () => changes.at(-1)?.[1] ?? 1;
  for (const [index, epoch] of (schedule?.epochs ?? []).entries()) {
    const factor = schedule?.factors[index] ?? inForce();
    if (epoch >= numEpochs) continue;
    if (changes.at(-1)?.[0] === epoch) changes.pop();
    if (factor !== inForce()) changes.push([epoch, factor]);
  }
  return changes;
}

/** The schedule without what changes nothing; null when nothing is left. */
export function effectiveSchedule(
  schedule: LearningRateSchedule | null,
  numEpochs: number,
): LearningRateSchedule | null {
  const changes = scheduleInForce(schedule, numEpochs);
  if (changes.length === 0) return null;
  return { epochs: changes.map(([epoch]) => epoch), factors: changes.map(([, factor]) => factor) };
}
