import { z } from 'zod';
import type { DatasetRecord } from '../dataset/index.js';
import type { EngineRecord } from '../engine/index.js';
import { suiteVersion } from '../results/index.js';
import { PROTOCOL_VERSION } from '../results/schema.js';
import type { OptimizerSource } from './optimizer-sources.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What a run's numbers depend on besides its configuration. */
export const provenanceSchema = z.strictObject({
  suite_version: z.string(),
  protocol_version: z.int().positive(),
  /** SHA-256 over the data set's files, as the run file has it. */
  dataset: z.string(),
  /** The modules of a user's optimizer, the file that was named first; empty for our own. */
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
export type Provenance = z.infer<typeof provenanceSchema>;

/** The provenance of what this process computes. */
export function provenanceOf(
  dataset: DatasetRecord,
  engine: EngineRecord,
  sources: readonly OptimizerSource[],
): Provenance {
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
 * Why epochs of this provenance must not be continued here: the result would be that of no version, no data and no optimizer.
 * Empty when they may. Another version or lowering of the same engine computes the same formulas, and may.
 */
export function incompatibilities(
  before: Provenance,
  dataset: DatasetRecord,
  sources: readonly OptimizerSource[],
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
  if (changed.length > 0)
    found.push(`${changed.join(', ')} of the optimizer ${changed.length > 1 ? 'have' : 'has'} changed`);
  return found;
}

/** The engine of earlier epochs, when it was another version or lowering; else null. */
export function otherEngine(before: Provenance, now: Provenance): Provenance['engine'] | null {
  const text = ({ name, device, version, details }: Provenance['engine']) =>
    JSON.stringify([name, device, version, Object.entries(details).sort(([left], [right]) => (left < right ? -1 : 1))]);
  return text(before.engine) === text(now.engine) ? null : before.engine;
}

/** `onnxruntime 1.30.0 (blockSize 16, inPlace true)` */
export function describeEngineVersion({ name, version, details }: Provenance['engine']): string {
  const lowering = Object.entries(details).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  return `${name} ${version ?? 'of unknown version'}${lowering.length > 0 ? ` (${lowering.join(', ')})` : ''}`;
}

function changedSources(before: Provenance['optimizer_sources'], now: readonly OptimizerSource[]): string[] {
  const hashes = (sources: readonly OptimizerSource[]) =>
    new Map(sources.map(({ file, sha256: hash }) => [file, hash]));
  const [then, today] = [hashes(before), hashes(now)];
  return [...new Set([...then.keys(), ...today.keys()])].filter((file) => then.get(file) !== today.get(file));
}
