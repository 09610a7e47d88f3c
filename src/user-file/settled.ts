/**
 * The promise, or the error of `stalled` when nothing is left in this process that could ever settle it. Without that, Node
 * ends without a word where a user's module or function waits for something that never comes.
 */
export async function settled<T>(promise: Promise<T>, stalled: () => Error): Promise<T> {
  let release: () => void = () => undefined;
  const never = new Promise<never>((_, reject) => {
    const onEmpty = () => reject(stalled());
    process.once('beforeExit', onEmpty);
    release = () => void process.removeListener('beforeExit', onEmpty);
  });
  try {
    return await Promise.race([promise, never]);
  } finally {
    release();
  }
}
