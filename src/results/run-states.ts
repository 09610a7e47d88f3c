/** What can become of a run, the best first: of several files of one run the first state counts. */
export const RUN_STATES = ['completed', 'diverged', 'pruned', 'interrupted', 'failed'] as const;

/** What became of a run. */
export type RunState = (typeof RUN_STATES)[number];

/** Those in which a run has not come to its end as it was asked for. */
export const OTHER_STATES = RUN_STATES.filter((state) => state !== 'completed');

/** Whether nothing is left to do: a diverged run is a result; an interrupted or failed one can be run again. */
export function hasEnded<State extends string>(state: State): state is Extract<State, 'completed' | 'diverged'> {
  return state === 'completed' || state === 'diverged';
}
