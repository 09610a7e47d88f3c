import { z } from 'zod';

/** The settings of a schedule besides its name, as plans and run files have them; `readSchedule` checks their ranges. */
export const scheduleFields = {
  warmup: z.number().optional(),
  schedule_end: z.number().optional(),
  schedule_start: z.number().optional(),
  schedule_power: z.number().optional(),
  schedule_decay: z.number().optional(),
  schedule_factor: z.number().optional(),
  schedule_milestones: z.array(z.number()).readonly().optional(),
};
