/** Maps entries by an asynchronous function with at most `limit` calls at once; results keep the entries' order. */
export async function mapConcurrently<In, Out>(
  entries: readonly In[],
  limit: number,
  work: (entry: In) => Promise<Out>,
): Promise<Out[]> {
  const results = new Array<Out>(entries.length);
  const queue = entries.entries();
  const worker = async () => {
    for (const [index, entry] of queue) results[index] = await work(entry);
  };
  await Promise.all(Array.from({ length: Math.min(limit, entries.length) }, worker));
  return results;
}
