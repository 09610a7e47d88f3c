export { scheduleEffect } from './effect.js';
export { scheduleFactor } from './factor.js';
export { scheduleFields } from './schema.js';
export {
  readSchedule,
  SCHEDULE_KEYS,
  SCHEDULES,
  type ScheduleRequest,
  type ScheduleSettings,
  scheduleText,
} from './settings.js';
