/** The lists of a run that DeepOBS knows: those of the epochs, and the minibatch losses. */
export interface RunLists {
  readonly epochs: Readonly<Record<string, readonly (number | null)[]>>;
  readonly minibatches: readonly (number | null)[];
}

/**
 * Fills a diverged run as DeepOBS does when the last minibatch loss of an epoch is not finite: the epoch's remaining
 * minibatch losses are NaN, then one value for each epoch that was not trained: the value before training in the epoch
 * lists, the first minibatch loss in theirs. `epoch` counts the epochs that were trained completely.
 */
export function fillAborted(lists: RunLists, epoch: number, numEpochs: number, loggedPerEpoch: number): RunLists {
  const missing = numEpochs - epoch;
  const epochs = Object.entries(lists.epochs).map(([key, list]) => {
    const measured = list.slice(0, epoch + 1);
    return [key, [...measured, ...Array<number | null>(missing).fill(list[0] ?? null)]] as const;
  });
  const { minibatches } = lists;
  const unlogged = Array<null>(Math.max(0, (epoch + 1) * loggedPerEpoch - minibatches.length)).fill(null);
  const filled = Array<number | null>(missing).fill(minibatches[0] ?? null);
  return { epochs: Object.fromEntries(epochs), minibatches: [...minibatches, ...unlogged, ...filled] };
}

/** What {@link fillAborted} put in, taken out again, and the number of epochs that were trained completely. */
export interface AbortedRun extends RunLists {
  readonly epoch: number;
}

/**
 * Recognises a run that DeepOBS aborted and filled (its files do not say so): from some epoch on every list repeats its
 * first value, and the minibatch list has the length that the filling leaves. Null for every other run. A run that never
 * moved (a learning rate of zero from constant weights) has lists of the regular length and no non-finite loss, and is none.
 */
export function findAborted(lists: RunLists, numEpochs: number): AbortedRun | null {
  const { epochs, minibatches } = lists;
  const [first] = minibatches;
  if (first === undefined || numEpochs === 0) return null;
  if (Object.values(epochs).some((list) => list.length !== numEpochs + 1)) return null;
  if (minibatches.length % numEpochs === 0 && !minibatches.includes(null)) return null;
  for (let epoch = 0; epoch < numEpochs; epoch++) {
    const missing = numEpochs - epoch;
    const logged = minibatches.length - missing;
    if (logged < epoch + 1 || logged % (epoch + 1) !== 0) continue;
    if (minibatches.slice(logged).some((loss) => loss !== first)) continue;
    if (Object.values(epochs).some((list) => list.slice(epoch + 1).some((value) => value !== list[0]))) continue;
    const measured = Object.entries(epochs).map(([key, list]) => [key, list.slice(0, epoch + 1)] as const);
    return { epoch, epochs: Object.fromEntries(measured), minibatches: minibatches.slice(0, logged) };
  }
  return null;
}
