import type { Conditions, RecordedRun } from '../results/index.js';

/** How many runs ended how. */
export interface StatusCounts {
  readonly completed: number;
  readonly diverged: number;
  readonly interrupted: number;
  readonly failed: number;
}

/** The runs of one setting under one set of conditions: they differ in the seed only, one run for each seed. */
export interface Setting {
  readonly testproblem: string;
  readonly optimizer: string;
  readonly hyperparameters: RecordedRun['hyperparameters'];
  readonly trainingParameters: RecordedRun['trainingParameters'];
  readonly numEpochs: number;
  readonly batchSize: number;
  readonly l2Reg: number | null;
  readonly conditions: Conditions;
  /** In ascending order of seeds. */
  readonly runs: readonly RecordedRun[];
  /** Further files of the same runs: a completed one stands for interrupted ones, a newer one for older ones. */
  readonly superseded: readonly RecordedRun[];
}

/**
 * Groups runs into settings. Runs of unlike settings or conditions (protocol, data, engine) are never put together; the
 * threads and the processor do not count, they change times only. In order of first appearance.
 */
export function groupSettings(runs: readonly RecordedRun[]): Setting[] {
  const groups = new Map<string, RecordedRun[]>();
  for (const run of runs) {
    const { machine, ...conditions } = run.conditions;
    const key = JSON.stringify([run.testproblem, run.optimizer, run.setting, conditions]);
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const { testproblem, optimizer, hyperparameters, trainingParameters, numEpochs, batchSize, l2Reg, conditions } =
      first;
    const about = {
      testproblem,
      optimizer,
      hyperparameters,
      trainingParameters,
      numEpochs,
      batchSize,
      l2Reg,
      conditions,
    };
    return [{ ...about, ...oneRunPerSeed(members) }];
  });
}

/** How many runs of a setting ended how. */
export function countStates(runs: readonly RecordedRun[]): StatusCounts {
  const count = (state: RecordedRun['status']['state']) => runs.filter(({ status }) => status.state === state).length;
  return {
    completed: count('completed'),
    diverged: count('diverged'),
    interrupted: count('interrupted'),
    failed: count('failed'),
  };
}

const PREFERENCE = ['completed', 'diverged', 'interrupted', 'failed'] as const;

function oneRunPerSeed(members: readonly RecordedRun[]): Pick<Setting, 'runs' | 'superseded'> {
  const rank = ({ status }: RecordedRun) => PREFERENCE.indexOf(status.state);
  const best = new Map<number, RecordedRun>();
  for (const run of members) {
    const other = best.get(run.seed);
    const wins =
      other === undefined ||
      rank(run) < rank(other) ||
      (rank(run) === rank(other) &&
        (run.startedAt > other.startedAt || (run.startedAt === other.startedAt && run.file < other.file)));
    if (wins) best.set(run.seed, run);
  }
  const runs = [...best.values()].sort((left, right) => left.seed - right.seed);
  return { runs, superseded: members.filter((run) => !runs.includes(run)) };
}
