import { z } from 'zod';
import type { DatasetRecord } from '../dataset/index.js';
import type { EngineRecord } from '../engine/index.js';
import { suiteVersion } from '../results/index.js';
import { PROTOCOL_VERSION } from '../results/schema.js';
import type { ResolvedRun } from './configuration.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What a run's numbers depend on besides its configuration. */
export const checkpointOriginSchema = z.strictObject({
  suite_version: z.string(),
  protocol_version: z.int().positive(),
  /** SHA-256 over the data set's files, as the run file has it. */
  dataset: z.string(),
  /** What identifies users' files with all their modules (not their comments); empty for our own definitions. */
  optimizer_sources: z.array(z.strictObject({ file: z.string(), sha256 })),
  engine: z.strictObject({
    name: z.string(),
    device: z.string(),
    version: z.string().nullable(),
    /** How its programs are lowered, and with what. */
    details: z.record(z.string(), z.json()),
  }),
});

/** What a run's numbers depend on besides its configuration. */
export type CheckpointOrigin = z.infer<typeof checkpointOriginSchema>;

/** The origin of what this process computes. */
export function checkpointOriginOf(
  dataset: DatasetRecord,
  engine: EngineRecord,
  sources: ReturnType<typeof sourcesOf>,
): CheckpointOrigin {
  const { name, device, version, details } = engine;
  return {
    suite_version: suiteVersion(),
    protocol_version: PROTOCOL_VERSION,
    dataset: dataset.checksum,
    optimizer_sources: sources.map(({ file, sha256: hash }) => ({ file, sha256: hash })),
    engine: { name, device, version, details: { ...details } },
  };
}

/**
 * Why epochs of this origin must not be continued here: the result would be that of no version, no data and no optimizer.
 * Empty when they may. Another version or lowering of the same engine computes the same formulas, and may.
 */
export function incompatibilities(
  before: CheckpointOrigin,
  dataset: DatasetRecord,
  sources: ReturnType<typeof sourcesOf>,
): readonly string[] {
  const found: string[] = [];
  const versions = [
    ['probprec', before.suite_version, suiteVersion()],
    ['protocol version', before.protocol_version, PROTOCOL_VERSION],
  ] as const;
  for (const [what, theirs, ours] of versions) {
    if (theirs !== ours) found.push(`it was written by ${what} ${theirs}, this is ${ours}`);
  }
  if (before.dataset !== dataset.checksum) {
    found.push(`its data have the checksum ${before.dataset.slice(0, 12)}…, these ${dataset.checksum.slice(0, 12)}…`);
  }
  const changed = changedSources(before.optimizer_sources, sources);
  if (changed.length > 0) found.push(`${changed.join(', ')} ${changed.length > 1 ? 'have' : 'has'} changed`);
  return found;
}

/** The engine of earlier epochs, when it was another version or lowering; else null. */
export function otherEngine(before: CheckpointOrigin, now: CheckpointOrigin): CheckpointOrigin['engine'] | null {
  const text = ({ name, device, version, details }: CheckpointOrigin['engine']) =>
    JSON.stringify([name, device, version, Object.entries(details).sort(([left], [right]) => (left < right ? -1 : 1))]);
  return text(before.engine) === text(now.engine) ? null : before.engine;
}

/** `onnxruntime 1.30.0 (blockSize 16, inPlace true)` */
export function describeEngineVersion({ name, version, details }: CheckpointOrigin['engine']): string {
  const lowering = Object.entries(details).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  return `${name} ${version ?? 'of unknown version'}${lowering.length > 0 ? ` (${lowering.join(', ')})` : ''}`;
}

/** Users' files as a checkpoint remembers them. */
export function sourcesOf({ sources }: Pick<ResolvedRun, 'sources'>): readonly { file: string; sha256: string }[] {
  const { optimizer, testProblem, dataset } = sources;
  return [optimizer, testProblem, dataset].flatMap((source) =>
    source === null ? [] : [{ file: source.file, sha256: source.sha256 }],
  );
}

/** Names of files whose code is not that of the checkpoint; another name alone changes nothing. */
function changedSources(before: CheckpointOrigin['optimizer_sources'], now: ReturnType<typeof sourcesOf>): string[] {
  return now.filter(({ sha256: hash }) => !before.some((other) => other.sha256 === hash)).map(({ file }) => file);
}
