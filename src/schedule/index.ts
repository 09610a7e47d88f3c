export { scheduleEffect } from './effect.js';
export { type Progress, scheduleFactor } from './factor.js';
export { scheduleFields } from './schema.js';
export {
  readSchedule,
  SCHEDULE_KEYS,
  SCHEDULES,
  type ScheduleName,
  type ScheduleRequest,
  type ScheduleSettings,
  scheduleText,
} from './settings.js';
