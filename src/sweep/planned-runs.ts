import { ConfigurationError } from '../errors.js';
import { groupBy } from '../group-by.js';
import { describeHyperparameters, loadOptimizer } from '../optimizer/index.js';
import { hashConfiguration, type RunConfiguration } from '../results/index.js';
import { configurationResolver, type RunRequest } from '../run/index.js';
import { requestOf } from '../run-options/index.js';
import { SCHEDULE_KEYS, type ScheduleRequest } from '../schedule/index.js';
import type { Plan } from './plan.js';
import { atPlace, atStatement, firstStated, type Places } from './plan-errors.js';
import type { PlanOptions } from './plan-schema.js';
import { expandSettings, leastSettings, type SettingPoint, type SettingsBlock, SpaceError } from './settings.js';
import { checkUserCode } from './user-code.js';

/** More runs than this are a mistake: status and commands of a plan hold all of them in memory. */
const MOST_RUNS = 100_000;

/** One run of a plan. */
export interface PlannedRun {
  /** From 0; the same plan and version give the same list. */
  readonly index: number;
  /** The entry among the plan's optimizers that states it, from 0. */
  readonly entry: number;
  /** Everything that `probprec run` needs. */
  readonly request: RunRequest;
  /** The request with every default decided. */
  readonly configuration: RunConfiguration;
  /** The run's identity. */
  readonly hash: string;
}

/**
 * The runs of a plan in the user's order: test problems, in each the optimizers, then the settings, then the seeds. A run
 * that the plan states twice counts once, at its first place. Throws ConfigurationError with the line of the plan, and before
 * anything is loaded for a plan that needs the user's files and is not allowed to run them.
 */
export async function plannedRuns(plan: Plan): Promise<readonly PlannedRun[]> {
  return (await expandPlan(plan)).runs;
}

/** {@link plannedRuns}, and how many runs the plan states more than once. */
export async function expandPlan(
  plan: Plan,
): Promise<{ readonly runs: readonly PlannedRun[]; readonly repeated: number }> {
  checkUserCode(plan);
  const runs = new Map<string, PlannedRun>();
  checkSize(plan);
  const applies = await sharedHyperparameters(plan);
  let stated = 0;
  for (const [problemIndex, problem] of plan.testproblems.entries()) {
    for (const [optimizerIndex, optimizer] of plan.optimizers.entries()) {
      if (optimizer.testproblems !== undefined && !optimizer.testproblems.includes(problem.name)) continue;
      const places: Places = { plan, problemIndex, optimizerIndex };
      const options = requestOptions(places, { ...plan.options, ...problem.options, ...optimizer.options });
      const basis = { testproblem: problem.name, optimizer: optimizer.name, ...options };
      const resolve = await configurationResolver(basis).catch((error: unknown) => {
        throw atStatement(error, places);
      });
      for (const [blockIndex, own] of optimizer.settings.entries()) {
        const block = { ...applies[optimizerIndex], ...own };
        const points = pointsOf(block, { ...places, blockIndex });
        if (stated + points.length * plan.seeds.length > MOST_RUNS) {
          throw tooMany(plan);
        }
        for (const point of points) {
          const request = {
            testproblem: problem.name,
            optimizer: optimizer.name,
            ...options,
            ...withScheduleOf(point, options.schedule),
          };
          const configuration = resolved(resolve, request, { ...places, blockIndex });
          for (const seed of plan.seeds) {
            const withSeed = { ...configuration, seed };
            const hash = hashConfiguration(withSeed);
            stated += 1;
            if (runs.has(hash)) continue;
            runs.set(hash, {
              index: runs.size,
              entry: optimizerIndex,
              request: { ...request, seed },
              configuration: withSeed,
              hash,
            });
          }
        }
      }
    }
  }
  return { runs: [...runs.values()], repeated: stated - runs.size };
}

/** Refuses a plan that is too large before anything of it is loaded or expanded; shared settings can only add to this. */
function checkSize(plan: Plan): void {
  const { testproblems, optimizers, seeds } = plan;
  const problems = groupBy(testproblems, ({ name }) => name);
  let least = 0;
  for (const { testproblems: only, settings, sampling } of optimizers) {
    const applicable =
      only === undefined ? testproblems.length : only.reduce((sum, name) => sum + (problems.get(name)?.length ?? 0), 0);
    const points = settings.reduce((sum, block) => sum + leastSettings(block, sampling ?? plan.sampling ?? null), 0);
    least += applicable * points * seeds.length;
    if (least > MOST_RUNS) throw tooMany(plan);
  }
}

function tooMany({ path }: Plan): ConfigurationError {
  return new ConfigurationError({
    subject: path,
    found: `more than ${MOST_RUNS.toLocaleString('en-US')} runs`,
    expected: 'fewer settings, seeds, test problems or optimizers',
    remedy: 'several plans can share one results folder',
  });
}

/** For every optimizer of the plan the shared settings that it has hyperparameters for. */
async function sharedHyperparameters(plan: Plan): Promise<SettingsBlock[]> {
  const { source, settings } = plan;
  const problems = plan.testproblems.map(({ name }) => name);
  const used = new Set<string>();
  const blocks: SettingsBlock[] = [];
  for (const [index, entry] of plan.optimizers.entries()) {
    const definition = await loadOptimizer(entry.name).catch((error: unknown) => {
      throw atPlace(error, source.place(['optimizers', index, 'name']));
    });
    const names = [...describeHyperparameters(definition).map(({ name }) => name), ...SCHEDULE_KEYS];
    const shared = Object.entries(settings).filter(([name]) => names.includes(name));
    for (const [name] of shared) used.add(name);
    blocks.push(Object.fromEntries(shared));
    const unknown = entry.testproblems?.find((name) => !problems.includes(name));
    if (unknown !== undefined) {
      throw new ConfigurationError({
        place: source.place(['optimizers', index, 'testproblems']),
        found: JSON.stringify(unknown),
        expected: `some of the plan's testproblems: ${problems.join(', ')}`,
      });
    }
  }
  const unused = Object.keys(settings).find((name) => !used.has(name));
  if (unused === undefined) return blocks;
  throw new ConfigurationError({
    place: source.place(['settings', unused]),
    subject: 'settings',
    what: `no optimizer of the plan has the hyperparameter ${JSON.stringify(unused)}`,
  });
}

function pointsOf(block: SettingsBlock, places: Places): SettingPoint[] {
  const { plan, optimizerIndex } = places;
  const sampling = plan.optimizers[optimizerIndex]?.sampling ?? plan.sampling ?? null;
  try {
    return expandSettings(block, sampling);
  } catch (error) {
    if (!(error instanceof SpaceError)) throw error;
    const { hyperparameter } = error;
    const place = plan.source.place(firstStated(places, hyperparameter));
    throw new ConfigurationError({ place, subject: hyperparameter, what: error.message });
  }
}

/** The keys of a schedule may be searched like hyperparameters; they count before those among the options. */
function withScheduleOf(
  point: SettingPoint,
  stated: ScheduleRequest | undefined,
): Pick<RunRequest, 'hyperparameters' | 'schedule'> {
  const isSchedule = (name: string) => SCHEDULE_KEYS.some((key) => key === name);
  const entries = Object.entries(point);
  const merged: ScheduleRequest = { ...stated, ...point };
  const schedule = Object.fromEntries(
    SCHEDULE_KEYS.flatMap((key) => (merged[key] === undefined ? [] : [[key, merged[key]]])),
  );
  return {
    hyperparameters: Object.fromEntries(entries.filter(([name]) => !isSchedule(name))),
    ...(Object.keys(schedule).length === 0 ? {} : { schedule }),
  };
}

/** The configuration but for the seed, whose range the plan's schema has checked. */
function resolved(
  resolve: Awaited<ReturnType<typeof configurationResolver>>,
  request: RunRequest,
  places: Places,
): RunConfiguration {
  try {
    return resolve(request).configuration;
  } catch (error) {
    throw atStatement(error, places);
  }
}

function requestOptions({ plan, optimizerIndex }: Places, options: PlanOptions): Partial<RunRequest> {
  const { lr_schedule_epochs: epochs, lr_schedule_factors: factors } = options;
  if ((epochs === undefined) !== (factors === undefined)) {
    throw new ConfigurationError({
      place: plan.source.place(['optimizers', optimizerIndex]),
      subject: 'lr_schedule_epochs and lr_schedule_factors',
      found: 'one of them',
      expected: 'both',
    });
  }
  return requestOf(options);
}
