import { ConfigurationError } from '../errors.js';
import { learningRateOf, type OptimizerDefinition } from '../optimizer/index.js';
import { effectiveSchedule, type LearningRateSchedule, type RunConfiguration } from '../results/index.js';
import { readSchedule, type ScheduleRequest, scheduleEffect } from '../schedule/index.js';
import { option, say, setting } from '../words.js';

/** A schedule by epochs has its own property in the library. */
const EPOCHS = { ...option('lr_schedule_epochs'), property: 'lrSchedule.epochs' };
const FACTORS = { ...option('lr_schedule_factors'), property: 'lrSchedule.factors' };

/** What a run asks for: changes at epochs, or a schedule by name and step. */
export interface RequestedSchedules {
  readonly lrSchedule?: LearningRateSchedule | undefined;
  readonly schedule?: ScheduleRequest | undefined;
}

/** The schedule in force, by epochs or by steps. Throws ConfigurationError, one line that names the option. */
export function schedulesInForce(
  { lrSchedule, schedule: stated = {} }: RequestedSchedules,
  optimizer: OptimizerDefinition,
  numEpochs: number,
): Pick<RunConfiguration, 'lrSchedule' | 'schedule'> {
  const byStep = readSchedule(stated);
  const byEpoch = lrSchedule === undefined ? null : byEpochs(lrSchedule);
  if (byStep === null && byEpoch === null && optimizer.schedule === undefined) return { lrSchedule: null };
  const subject = byStep === null ? EPOCHS : stated.schedule === undefined ? setting('warmup') : setting('schedule');
  if (learningRateOf(optimizer) === null) {
    throw new ConfigurationError(
      optimizer.schedule === undefined
        ? { subject, what: `${optimizer.name} has no learning rate to schedule` }
        : {
            subject: option('optimizer', optimizer.name),
            what: 'it has a schedule and no learning rate',
            expected: 'both or none',
          },
    );
  }
  if (byStep !== null && lrSchedule !== undefined) {
    throw new ConfigurationError({
      subject,
      found: say`${EPOCHS} as well`,
      expected: 'one of the two',
    });
  }
  if (optimizer.schedule !== undefined && (byStep !== null || byEpoch !== null)) {
    throw new ConfigurationError({
      subject,
      what: `${optimizer.name} has its own schedule`,
      expected: 'no other',
    });
  }
  if (byStep === null) return { lrSchedule: effectiveSchedule(byEpoch, numEpochs) };
  const effect = scheduleEffect(byStep, numEpochs);
  return {
    lrSchedule: effectiveSchedule(effect.epochs, numEpochs),
    ...(effect.schedule === null ? {} : { schedule: effect.schedule }),
  };
}

/** The factor on the learning rate changes at the given epochs, which must ascend; one factor for each. */
function byEpochs({ epochs, factors }: LearningRateSchedule): LearningRateSchedule | null {
  if (epochs.length === 0 && factors.length === 0) return null;
  const ascending = epochs.every((epoch, index) => Number.isInteger(epoch) && epoch > (epochs[index - 1] ?? -1));
  if (!ascending || epochs.length === 0) {
    throw new ConfigurationError({
      subject: EPOCHS,
      found: epochs.join(','),
      expected: 'ascending whole numbers',
    });
  }
  if (factors.length !== epochs.length || factors.some((factor) => !(factor >= 0 && Number.isFinite(factor)))) {
    throw new ConfigurationError({
      subject: FACTORS,
      found: factors.join(','),
      expected: `${epochs.length} numbers ≥ 0, one for each epoch`,
    });
  }
  return { epochs: [...epochs], factors: [...factors] };
}
