import { dirname } from 'node:path';
import { groupBy } from '../group-by.js';
import { type Conditions, type RecordedRun, RUN_STATES } from '../results/index.js';

/** How many runs ended how. */
export interface StatusCounts {
  readonly completed: number;
  readonly diverged: number;
  readonly interrupted: number;
  readonly failed: number;
  /** By the rule of a plan; absent where none was. */
  readonly pruned?: number;
}

/** What the runs of a setting have in common besides their conditions. */
type Common = Pick<
  RecordedRun,
  | 'testproblem'
  | 'optimizer'
  | 'optimizerSource'
  | 'hyperparameters'
  | 'trainingParameters'
  | 'numEpochs'
  | 'batchSize'
  | 'l2InForce'
>;

/** The runs of one setting under one set of conditions: they differ in the seed only, one run for each seed. */
export interface Setting extends Common {
  readonly conditions: Conditions;
  /** The label that the user gave to the folder or to the entry of a plan; null without one. */
  readonly label: string | null;
  /** Place of the label among those that the user gave, from 0; null without one. */
  readonly position: number | null;
  /** The results folder, when another one has different runs of the same seeds; else null. */
  readonly folder: string | null;
  /** In ascending order of seeds. */
  readonly runs: readonly RecordedRun[];
  /** Further files of the same runs: a completed one stands for interrupted ones, a newer one for older ones. */
  readonly superseded: readonly RecordedRun[];
}

/**
 * Groups runs into settings. Runs of unlike settings or conditions (protocol, data, engine), of unlike versions of a user's
 * optimizer or under different labels are never put together; the threads and the processor do not count, they change times
 * only. Two results folders that have different runs of the same seed are two settings. In order of first appearance.
 */
export function groupSettings(runs: readonly RecordedRun[]): Setting[] {
  const numbers = new Map<string, number>();
  const conditions = new Map<Conditions, number>();
  const groups = groupBy(runs, (run) => {
    const { testproblem, optimizer, setting, label = null, position = null } = run;
    const known = conditions.get(run.conditions) ?? numberOf(numbers, conditionsKey(run.conditions));
    conditions.set(run.conditions, known);
    return numberOf(numbers, JSON.stringify([testproblem, optimizer, setting, label, position, known]));
  });
  return [...groups.values()].flatMap((members) => {
    const folders = groupBy(members, folderOf);
    if (folders.size < 2 || !disagree([...folders.values()])) return settingOf(members, null);
    return [...folders].flatMap(([folder, own]) => settingOf(own, folder));
  });
}

function conditionsKey({ machine, ...conditions }: Conditions): string {
  return JSON.stringify(conditions);
}

/** The place of a text among those that were asked for. */
function numberOf(numbers: Map<string, number>, text: string): number {
  const number = numbers.get(text) ?? numbers.size;
  numbers.set(text, number);
  return number;
}

/**
 * The folder that stands for an experiment: of our runs the one above `<testproblem>/<optimizer>/<setting>`. DeepOBS goes by the
 * setting's own folder, and its files do not say enough to tell a repeated run from another experiment.
 */
function folderOf({ file, stated }: RecordedRun): string {
  const setting = dirname(file);
  return stated === undefined ? dirname(dirname(dirname(setting))) : setting;
}

/** Whether two folders have different curves of one seed. */
function disagree(folders: readonly (readonly RecordedRun[])[]): boolean {
  const curves = new Map<number, string>();
  return folders.some((members) =>
    oneRunPerSeed(members).runs.some(({ seed, curves: own }) => {
      const text = JSON.stringify(own);
      const other = curves.get(seed);
      curves.set(seed, text);
      return other !== undefined && other !== text;
    }),
  );
}

function settingOf(members: readonly RecordedRun[], folder: string | null): Setting[] {
  const [first] = members;
  if (first === undefined) return [];
  const { testproblem, optimizer, optimizerSource, trainingParameters, numEpochs, batchSize, l2InForce } = first;
  return [
    {
      testproblem,
      optimizer,
      optimizerSource,
      hyperparameters: mostPrecise(members),
      trainingParameters,
      numEpochs,
      batchSize,
      l2InForce,
      conditions: first.conditions,
      label: first.label ?? null,
      position: first.position ?? null,
      folder,
      ...oneRunPerSeed(members),
    },
  ];
}

/** Of runs whose numbers differ by rounding in a folder's name those with the most digits. */
function mostPrecise(members: readonly RecordedRun[]): RecordedRun['hyperparameters'] {
  const texts = new Map(members.map(({ hyperparameters }) => [JSON.stringify(hyperparameters), hyperparameters]));
  const [[, best] = ['', {}]] = [...texts].sort(([left], [right]) => right.length - left.length);
  return best;
}

/** How many runs of a setting ended how. */
export function countStates(runs: readonly RecordedRun[]): StatusCounts {
  const count = (state: RecordedRun['status']['state']) => runs.filter(({ status }) => status.state === state).length;
  // What no plan has pruned says nothing of it.
  const shown = RUN_STATES.filter((state) => state !== 'pruned' || count(state) > 0);
  return Object.fromEntries(shown.map((state) => [state, count(state)])) as unknown as StatusCounts;
}

function oneRunPerSeed(members: readonly RecordedRun[]): Pick<Setting, 'runs' | 'superseded'> {
  const rank = ({ status }: RecordedRun) => RUN_STATES.indexOf(status.state);
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
  const chosen = new Set(runs);
  return { runs, superseded: members.filter((run) => !chosen.has(run)) };
}
