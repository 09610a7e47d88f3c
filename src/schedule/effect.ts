import type { ScheduleSettings } from './settings.js';

/** What a schedule comes to. */
export interface ScheduleEffect {
  /** By step; null where it is none. */
  readonly schedule: ScheduleSettings | null;
  /** The schedule as changes at epochs, where it is one. */
  readonly epochs: { readonly epochs: readonly number[]; readonly factors: readonly number[] } | null;
}

/**
 * The simplest schedule with the same factors in a training of so many epochs: what changes nothing is none, and steps that fall
 * between epochs are those of --lr-schedule-epochs. Runs that do the same are then the same run.
 */
export function scheduleEffect(settings: ScheduleSettings, numEpochs: number): ScheduleEffect {
  const none = { schedule: null, epochs: null };
  if (numEpochs === 0) return none;
  const { schedule: name, warmup = 0 } = settings;
  const rise = warmup === 0 ? {} : { warmup };
  if (staysUp(settings)) return warmup === 0 ? none : { schedule: { schedule: 'constant', ...rise }, epochs: null };
  const {
    schedule_decay: decay,
    schedule_end: end,
    schedule_milestones: milestones = [],
    schedule_factor = 1,
  } = settings;
  if (name === 'trapezoid' && decay !== undefined && end !== undefined && Math.abs(decay + warmup - 1) < 1e-12) {
    return { schedule: { schedule: 'polynomial', ...rise, schedule_power: 1, schedule_end: end }, epochs: null };
  }
  const boundaries = milestones.map((milestone) => Number((milestone * numEpochs).toPrecision(12)));
  if (name === 'steps' && warmup === 0 && boundaries.every(Number.isInteger)) {
    const factors = boundaries.map((_, index) => Number((schedule_factor ** (index + 1)).toPrecision(12)));
    return { schedule: null, epochs: { epochs: boundaries, factors } };
  }
  return { schedule: settings, epochs: null };
}

/** Whether the factor is 1 in all steps after the warm-up. */
function staysUp({
  schedule,
  schedule_decay: decay,
  schedule_end: end,
  schedule_factor: factor,
}: ScheduleSettings): boolean {
  switch (schedule) {
    case 'constant':
      return true;
    case 'steps':
      return factor === 1;
    case 'trapezoid':
      return decay === 0 || end === 1;
    case 'one-cycle':
      return false;
    default:
      return end === 1;
  }
}
