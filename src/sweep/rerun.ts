import { dirname, relative, resolve, sep } from 'node:path';
import { ConfigurationError } from '../errors.js';
import { withOptimizerFile } from '../optimizer/index.js';
import { statedBy } from '../run-options/index.js';
import { isUserFile } from '../user-file/is-user-file.js';
import type { PlanRanking } from './best.js';
import type { KubernetesResources } from './kubernetes/resources.js';
import type { Plan } from './plan.js';
import { type PlanOptions, statedSeeds } from './plan-schema.js';
import type { PlanStatement } from './plan-text.js';
import type { PlannedRun } from './planned-runs.js';
import { statedValue } from './spaces.js';

/**
 * A plan, to be written to `file`, of the best setting of each ranking with other seeds: everything else as it was, so that
 * the runs of both plans are one setting for whoever compares results. Throws ConfigurationError when a ranking has no
 * setting that completed.
 */
export function rerunStatement(
  plan: Plan,
  rankings: readonly PlanRanking[],
  seeds: readonly number[],
  { file, name }: { readonly file: string; readonly name: string },
): PlanStatement {
  const winners = rankings.map(({ settings: [best], testproblem, optimizer }) => {
    if (best !== undefined && best.value !== null) return best.run;
    throw new ConfigurationError({
      subject: plan.path,
      found: `no completed run of ${optimizer} on ${testproblem}`,
      expected: 'one to choose from',
    });
  });
  const place = placeFrom(dirname(resolve(file)));
  const named = (name: string) => (isUserFile(name) ? place(name).replace(/^(?![./])/, './') : name);
  const options = winners.map((run) => optionsOf(run, named));
  const common = options.every((other) => JSON.stringify(other) === JSON.stringify(options[0]))
    ? options[0]
    : undefined;
  const { runsPerTask, kubernetes, ...resources } = plan.resources;
  return {
    name,
    testproblems: [...new Set(winners.map(({ request }) => named(request.testproblem)))],
    optimizers: winners.map((run, index) =>
      entryOf(run, named, {
        label: plan.optimizers[run.entry]?.label,
        options: common === undefined ? options[index] : undefined,
      }),
    ),
    seeds: statedSeeds(seeds),
    options: common,
    output_dir: place(plan.outputDir),
    data_dir: plan.dataDir === undefined ? undefined : place(plan.dataDir),
    keep_checkpoint: plan.keepCheckpoint || undefined,
    resources: { ...resources, runs_per_task: runsPerTask, kubernetes: kubernetes && statedKubernetes(kubernetes) },
  } as PlanStatement;
}

function statedKubernetes({ nodeSelector, ...kubernetes }: KubernetesResources) {
  return { ...kubernetes, node_selector: nodeSelector };
}

function entryOf(
  { request }: PlannedRun,
  named: (name: string) => string,
  { label, options }: { readonly label: string | undefined; readonly options: PlanOptions | undefined },
) {
  const { optimizer, testproblem, hyperparameters = {} } = request;
  const settings = Object.entries(hyperparameters).map(([name, value]) => [name, statedValue(value as number)]);
  return {
    name: withOptimizerFile(optimizer, named),
    label,
    testproblems: [named(testproblem)],
    settings: settings.length > 0 ? Object.fromEntries(settings) : undefined,
    options,
  };
}

function optionsOf({ request, configuration }: PlannedRun, named: (name: string) => string): PlanOptions {
  return {
    ...statedBy(request),
    dataset: request.dataset && named(request.dataset),
    engine: configuration.engine.name,
    device: configuration.engine.device,
  };
}

/** Paths in a plan move with it when they are near, and stay where they are when they are elsewhere. */
function placeFrom(folder: string): (path: string) => string {
  return (path) => {
    const stated = relative(folder, path);
    return stated.startsWith(`..${sep}..`) ? path : stated || '.';
  };
}
