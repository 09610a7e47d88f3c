import type { ScheduleName, ScheduleSettings } from './settings.js';

/** Where a training is: `step` from 0, of `steps` in all. */
export interface Progress {
  readonly step: number;
  readonly steps: number;
}

type Shape = (settings: Required<ScheduleSettings>, share: number, at: Progress) => number;

const cosine = (from: number, to: number, share: number) => to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;

/** The factor after the warm-up, by the share of what then remains; shares and steps count from its end. */
const shapes: Readonly<Record<Exclude<ScheduleName, 'one-cycle'>, Shape>> = {
  constant: () => 1,
  steps: ({ schedule_milestones: milestones, schedule_factor: factor }, _, { step, steps }) =>
    factor ** milestones.filter((milestone) => step >= milestoneStep(milestone, steps)).length,
  cosine: ({ schedule_end: end }, share) => cosine(1, end, share),
  polynomial: ({ schedule_end: end, schedule_power: power }, share) => end + (1 - end) * (1 - share) ** power,
  exponential: ({ schedule_end: end }, share) => end ** share,
  trapezoid: ({ schedule_end: end, schedule_decay: decay }, _, { step, steps }) => {
    const falling = decay * steps;
    const left = steps - step;
    return left >= falling ? 1 : end + (1 - end) * (left / falling);
  },
};

/**
 * The factor on the learning rate in a step. It depends on the step's number alone, so that a resumed run goes on with the same
 * numbers.
 *
 * In a warm-up of w steps it is (step + 1) / (w + 1): no step is lost with a rate of 0, and the full rate comes right after. From
 * then on cosine, polynomial and exponential fall as PyTorch's schedulers do when they are called in each step. One-cycle is
 * PyTorch's OneCycleLR with cosines; momentum stays as it is.
 */
export function scheduleFactor(settings: ScheduleSettings, progress: Progress): number {
  const { step, steps } = progress;
  const { schedule, warmup = 0 } = settings;
  // Defaults are filled in when a schedule is read; what a shape does not use may be missing.
  const complete = settings as Required<ScheduleSettings>;
  if (schedule === 'one-cycle') return oneCycle(complete, progress);
  const rising = Math.round(warmup * steps);
  if (step < rising) return (step + 1) / (rising + 1);
  return shapes[schedule](complete, (step - rising) / (steps - rising), progress);
}

/** Smith & Topin 2018, as PyTorch's OneCycleLR: two cosines that meet at step warmup · steps − 1. */
function oneCycle(
  { warmup, schedule_start: start, schedule_end: end }: Required<ScheduleSettings>,
  { step, steps }: Progress,
) {
  const peak = Math.max(0, warmup * steps - 1);
  const last = steps - 1;
  if (step <= peak) return peak === 0 ? 1 : cosine(start, 1, step / peak);
  return cosine(1, end, Math.min(1, (step - peak) / (last - peak)));
}

/** The first step at or behind a share of the steps; a share that rounding put a hair behind a step means that step. */
function milestoneStep(milestone: number, steps: number): number {
  return Math.ceil(milestone * steps - 1e-9 * steps);
}
