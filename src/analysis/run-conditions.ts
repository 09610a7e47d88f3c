import type { RecordedRun } from '../results/index.js';
import { alternatives, namesOf, satisfies } from './competitors.js';
import { groupSettings } from './settings.js';

/** A condition as the user states it: `['lr', '0.1']`, `['tag', 'paper']`. */
export type Condition = readonly [name: string, value: string];

/** Conditions on single runs, which their settings do not have. */
const OF_RUNS: Readonly<Record<string, (run: RecordedRun) => readonly string[]>> = {
  tag: ({ tags = [] }) => tags,
  state: ({ status }) => [status.state],
  seed: ({ seed }) => [String(seed)],
};

/** Whether a condition is on single runs: on a tag, the state or the seed. */
export function isOfRuns([name]: Condition): boolean {
  return name in OF_RUNS;
}

/** Every name that a condition on these runs may have. */
export function conditionNames(runs: readonly RecordedRun[]): string[] {
  return [...namesOf(groupSettings(runs)), ...Object.keys(OF_RUNS)];
}

/** The runs that meet every condition; alternatives have commas between them, or for `seed`, `state` and `tag` conditions of their own. */
export function runsWhere(runs: readonly RecordedRun[], conditions: readonly Condition[]): RecordedRun[] {
  const ofRuns = conditions.filter(isOfRuns);
  const ofSettings = conditions.filter((condition) => !isOfRuns(condition));
  const names = [...new Set(ofRuns.map(([name]) => name))];
  return runs.filter((run) => {
    const meets = (name: string) =>
      ofRuns.some(
        ([own, value]) => own === name && alternatives(value).some((one) => OF_RUNS[name]?.(run).includes(one)),
      );
    if (!names.every(meets)) return false;
    if (ofSettings.length === 0) return true;
    return groupSettings([run]).every((setting) =>
      ofSettings.every(([name, value]) => satisfies(setting, name, value)),
    );
  });
}
