import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../src/errors.js';
import {
  readSchedule,
  SCHEDULE_KEYS,
  SCHEDULES,
  type ScheduleRequest,
  scheduleEffect,
  scheduleFactor,
  scheduleText,
} from '../../src/schedule/index.js';

/** Written by pytorch-schedules.py. */
const pytorch = JSON.parse(readFileSync(new URL('pytorch-schedules.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, { readonly given: ScheduleRequest; readonly factors: readonly number[] }>
>;

function settingsOf(request: ScheduleRequest) {
  const settings = readSchedule(request);
  if (settings === null) throw new Error('no schedule');
  return settings;
}

const factorsOf = (request: ScheduleRequest, steps: number) =>
  Array.from({ length: steps }, (_, step) => scheduleFactor(settingsOf(request), { step, steps }));

describe('factors', () => {
  test.each(Object.entries(pytorch))("%s is PyTorch's", (schedule, { given, factors }) => {
    const found = factorsOf({ schedule, ...given }, factors.length);
    for (const [step, factor] of found.entries()) expect(factor, `step ${step}`).toBeCloseTo(factors[step] ?? -1, 10);
  });

  test('a warm-up rises from the first step, and the schedule takes the rest', () => {
    const found = factorsOf({ schedule: 'cosine', warmup: 0.2 }, 20);
    expect(found.slice(0, 4)).toEqual([0.2, 0.4, 0.6, 0.8]);
    const rest = factorsOf({ schedule: 'cosine' }, 16);
    for (const [step, factor] of found.slice(4).entries()) expect(factor).toBeCloseTo(rest[step] ?? -1, 12);
    expect(factorsOf({ warmup: 0.5 }, 4)).toEqual([1 / 3, 2 / 3, 1, 1]);
  });

  test('a trapezoid rises, stays and falls in a straight line', () => {
    const found = factorsOf({ schedule: 'trapezoid', warmup: 0.2, schedule_decay: 0.4 }, 10);
    const wanted = [1 / 3, 2 / 3, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25];
    for (const [step, factor] of found.entries()) expect(factor).toBeCloseTo(wanted[step] ?? -1, 12);
  });

  test.each(SCHEDULES)('%s gives finite factors from 0 to 1 for any number of steps', (schedule) => {
    for (const steps of [1, 2, 3, 7, 100, 12345]) {
      for (const step of [0, 1, 2, Math.floor(steps / 3), steps - 1].filter((at) => at < steps)) {
        const factor = scheduleFactor(settingsOf({ schedule }), { step, steps });
        expect(factor >= 0 && factor <= 1, `${factor} in step ${step} of ${steps}`).toBe(true);
      }
    }
  });
});

describe('reading', () => {
  test('fills in defaults and reads texts', () => {
    expect(readSchedule({})).toBeNull();
    expect(readSchedule({ schedule: 'cosine', warmup: '0.05' })).toEqual({
      schedule: 'cosine',
      warmup: 0.05,
      schedule_end: 0,
    });
    expect(readSchedule({ schedule: 'cosine', warmup: 0 })).toEqual({ schedule: 'cosine', schedule_end: 0 });
    expect(readSchedule({ warmup: 0.1 })).toEqual({ schedule: 'constant', warmup: 0.1 });
    expect(readSchedule({ schedule: 'steps', schedule_milestones: '0.2,0.4' })?.schedule_milestones).toEqual([
      0.2, 0.4,
    ]);
  });

  test.each<[ScheduleRequest, RegExp]>([
    [{ schedule: 'cosin' }, /^schedule cosin: not known; did you mean cosine\?/],
    [{ schedule: 'cosine', schedule_power: 2 }, /^schedule_power: goes with schedule polynomial, found cosine$/],
    [{ schedule: 'cosine', warmup: 1 }, /^warmup: found 1, expected a share of the steps in \[0, 1\)$/],
    [{ schedule: 'cosine', warmup: 'long' }, /^warmup: found "long", expected/],
    [{ schedule: 'polynomial', schedule_power: 0 }, /^schedule_power: found 0, expected a number > 0/],
    [{ schedule: 'exponential', schedule_end: -1 }, /^schedule_end: found -1, expected/],
    [{ schedule: 'steps', schedule_milestones: [0.5, 0.5] }, /^schedule_milestones: found 0.5,0.5, expected ascending/],
    [{ schedule: 'steps', schedule_milestones: [1.5] }, /^schedule_milestones/],
    [{ schedule: 'trapezoid', warmup: 0.5, schedule_decay: 0.6 }, /^schedule_decay: found 0.6 beside a warm-up of 0.5/],
    [{ schedule: 'one-cycle', warmup: 0 }, /^warmup: found 0, expected more for one-cycle/],
  ])('%o is refused', (request, message) => {
    expect(() => readSchedule(request)).toThrow(ConfigurationError);
    expect(() => readSchedule(request)).toThrow(message);
  });

  test('every key is known', () => {
    const all = SCHEDULES.flatMap((schedule) => Object.keys(settingsOf({ schedule })));
    expect([...SCHEDULE_KEYS].sort()).toEqual([...new Set(all)].sort());
  });
});

test.each<[ScheduleRequest, string]>([
  [{ schedule: 'cosine', warmup: 0.05 }, 'cosine, 5 % warm-up'],
  [{ schedule: 'cosine' }, 'cosine'],
  [{ warmup: 0.1 }, 'constant, 10 % warm-up'],
  [{ schedule: 'one-cycle' }, 'one-cycle'],
  [{ schedule: 'one-cycle', warmup: 0.4 }, 'one-cycle, 40 % warm-up'],
  [{ schedule: 'trapezoid' }, 'trapezoid, 5 % warm-up'],
  [{ schedule: 'trapezoid', warmup: 0, schedule_decay: 0.4 }, 'trapezoid, no warm-up, 40 % decay'],
  [{ schedule: 'steps', schedule_milestones: [0.3, 0.9] }, 'steps, at 30 %, 90 %'],
  [{ schedule: 'polynomial', schedule_power: 2, schedule_end: 0.1 }, 'polynomial, power 2, to ×0.1'],
])('%o in words', (request, text) => {
  expect(scheduleText(settingsOf(request))).toBe(text);
});

describe('the simplest schedule of the same effect', () => {
  const effect = (request: ScheduleRequest, epochs = 20) => scheduleEffect(settingsOf(request), epochs);
  const none = { schedule: null, epochs: null };

  test('is none where nothing changes', () => {
    for (const request of [
      { schedule: 'constant' },
      { schedule: 'cosine', schedule_end: 1 },
      { schedule: 'polynomial', schedule_end: 1 },
      { schedule: 'exponential', schedule_end: 1 },
      { schedule: 'steps', schedule_factor: 1 },
      { schedule: 'trapezoid', warmup: 0, schedule_decay: 0 },
    ]) {
      expect(effect(request), JSON.stringify(request)).toEqual(none);
    }
    expect(effect({ schedule: 'cosine' }, 0)).toEqual(none);
  });

  test('is by epochs where steps fall between epochs', () => {
    const request = { schedule: 'steps', schedule_milestones: [0.5, 0.75] };
    expect(effect(request, 100)).toEqual({ schedule: null, epochs: { epochs: [50, 75], factors: [0.1, 0.01] } });
    expect(effect(request, 3).schedule).toMatchObject({ schedule: 'steps' });
    expect(effect({ ...request, warmup: 0.1 }, 100).schedule).toMatchObject({ schedule: 'steps', warmup: 0.1 });
  });

  test('is the same for a trapezoid without a plateau and a straight line', () => {
    const trapezoid = { schedule: 'trapezoid', warmup: 0.25, schedule_decay: 0.75 };
    const line = { schedule: 'polynomial', warmup: 0.25 };
    expect(effect(trapezoid)).toEqual(effect(line));
    const [left, right] = [factorsOf(trapezoid, 40), factorsOf(line, 40)];
    for (const [step, factor] of left.entries()) expect(factor).toBeCloseTo(right[step] ?? -1, 12);
  });
});
