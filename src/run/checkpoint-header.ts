import { z } from 'zod';
import { checkpointOriginSchema } from './checkpoint-origin.js';
import { journalStateSchema } from './journal.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits');

/** The part of a checkpoint that is JSON: whose it is, how far it got, and what the run has to remember. */
export const checkpointHeaderSchema = z.strictObject({
  configuration_hash: sha256,
  /** Of the configuration without the content of a user's optimizer file: what its next version has in common. */
  identity: sha256,
  provenance: checkpointOriginSchema,
  /** Epochs that are trained completely. */
  epoch: z.int().positive(),
  started_at: z.iso.datetime(),
  /** The optimizer's counters and names; its arrays stand beside. */
  training: z.record(z.string(), z.json()),
  resumed: z.array(
    z.strictObject({
      epoch: z.int().nonnegative(),
      at: z.iso.datetime(),
      engine_before: checkpointOriginSchema.shape.engine.pick({ version: true, details: true }).optional(),
    }),
  ),
  journal: journalStateSchema,
});

/** The part of a checkpoint that is JSON. */
export type CheckpointHeader = z.infer<typeof checkpointHeaderSchema>;
