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
  /** Epochs that are trained and evaluated completely. */
  epoch: z.int().nonnegative(),
  /** The steps of the epoch after these, and what they took; null between two epochs. */
  part_of_epoch: z
    .strictObject({
      step: z.int().nonnegative(),
      wall_seconds: z.number().nonnegative(),
      cpu_seconds: z.number().nonnegative(),
      other_cores: z.number().nonnegative(),
    })
    .nullable(),
  started_at: z.iso.datetime(),
  /** The optimizer's counters and names; its arrays stand beside. */
  training: z.record(z.string(), z.json()),
  resumed: z.array(
    z.strictObject({
      epoch: z.int().nonnegative(),
      step: z.int().nonnegative().optional(),
      at: z.iso.datetime(),
      engine_before: checkpointOriginSchema.shape.engine.pick({ version: true, details: true }).optional(),
    }),
  ),
  journal: journalStateSchema,
});

/** The part of a checkpoint that is JSON. */
export type CheckpointHeader = z.infer<typeof checkpointHeaderSchema>;
