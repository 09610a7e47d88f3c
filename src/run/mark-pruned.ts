import { contentDigest } from '../results/build.js';
import { findRunFiles, hasEnded, type RunConfiguration, writeRunFile } from '../results/index.js';
import { acquireRunLock } from './lock.js';

/**
 * Writes into the file of a run that stands between two epochs that a rule has stopped it there, and why. Its checkpoint stays: the run can
 * go on. Does nothing where the file says so already, where the run has ended, and where another process trains it. Throws
 * OutputError.
 */
export async function markPruned(
  outputDir: string,
  configuration: RunConfiguration,
  { rule, reason }: { readonly rule: string; readonly reason: string },
): Promise<void> {
  const lock = await acquireRunLock(outputDir, configuration);
  if ('heldBy' in lock) return;
  try {
    const files = await findRunFiles(outputDir, configuration);
    const [newest] = files;
    if (newest === undefined || files.some(({ status }) => hasEnded(status.state))) {
      return;
    }
    const { content_digest: _, ...content } = newest.runFile;
    const { status } = content;
    if (status.state === 'pruned' && status.reason === reason && content.pruned_by === rule) return;
    const marked = { ...content, status: { ...status, state: 'pruned' as const, reason }, pruned_by: rule };
    await writeRunFile(newest.path, { ...marked, content_digest: contentDigest(marked) });
  } finally {
    await lock.release();
  }
}
