import { areMet, type Condition, isAmong } from '../condition.js';
import type { RecordedRun } from '../results/index.js';
import { readSeeds } from '../seeds.js';
import { namesOf, satisfies } from './best-settings.js';
import { groupSettings } from './settings.js';

/** Conditions on single runs, which their settings do not have. */
const OF_RUNS: Readonly<Record<string, (run: RecordedRun, value: string) => boolean>> = {
  tag: ({ tags = [] }, value) => tags.some((tag) => isAmong(tag, value)),
  state: ({ status }, value) => isAmong(status.state, value),
  seed: ({ seed }, value) => {
    const seeds = readSeeds(value);
    return typeof seeds !== 'string' && seeds.includes(seed);
  },
};

/** Whether a condition is on single runs: on a tag, the state or the seed. */
export function isOfRuns([name]: Condition): boolean {
  return name in OF_RUNS;
}

/** Every name that a condition on these runs may have. */
export function conditionNames(runs: readonly RecordedRun[]): string[] {
  return [...namesOf(groupSettings(runs)), ...Object.keys(OF_RUNS)];
}

/** The runs that meet every condition; several on one name are alternatives, as are values with commas between them. */
export function runsWhere(runs: readonly RecordedRun[], conditions: readonly Condition[]): RecordedRun[] {
  const ofRuns = conditions.filter(isOfRuns);
  const ofSettings = conditions.filter((condition) => !isOfRuns(condition));
  return runs.filter((run) => {
    if (!areMet(ofRuns, ([name, value]) => OF_RUNS[name]?.(run, value) === true)) return false;
    if (ofSettings.length === 0) return true;
    return groupSettings([run]).every((setting) => areMet(ofSettings, (condition) => satisfies(setting, condition)));
  });
}
