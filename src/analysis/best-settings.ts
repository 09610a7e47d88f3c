import { type Condition, isAmong } from '../condition.js';
import { groupBy } from '../group-by.js';
import { canonicalNumber } from '../results/index.js';
import { sourceVersion } from '../user-file/source-version.js';
import type { ComparedSetting } from './compared-setting.js';
import { type GridEdge, gridEdges } from './grid-edge.js';
import type { Metric } from './metrics.js';
import { availableMetric, type RankedSetting, rankSettings } from './ranking.js';
import type { SelectionMode } from './selection-mode.js';
import type { Setting } from './settings.js';

/** How settings become the rows of a table. */
export interface RowOptions {
  /** Every setting in a row of its own, instead of the best one of each optimizer. */
  readonly allSettings?: boolean;
  /** Names whose values tell rows apart: of each combination the best setting. */
  readonly groupBy?: readonly string[];
}

/** A setting that was chosen among `settingsTried`. */
export interface Chosen {
  readonly compared: ComparedSetting;
  readonly settingsTried: number;
  /** Those of them that a plan's rule stopped before their end; absent where none was. */
  readonly settingsPruned?: number;
  /** Hyperparameters whose chosen value is at the edge of what was tried. */
  readonly edges: readonly GridEdge[];
  /** The settings from which this one was chosen, best first; empty for one that is known by its mean only. */
  readonly tried: readonly RankedSetting[];
}

/**
 * Of each competitor the best setting by DeepOBS' rules, and the metric that decided (after fall-backs). A competitor is an
 * optimizer of one version, from one origin, on one engine: settings of different competitors are never ranked against each
 * other.
 */
export function bestSettings(
  comparedSettings: readonly ComparedSetting[],
  selection: { readonly mode: SelectionMode; readonly metric: Metric },
  rows: RowOptions = {},
): { chosen: Chosen[]; metric: Metric } {
  const metric = availableMetric(
    comparedSettings.map(({ setting }) => setting),
    selection.metric,
  );
  if (rows.allSettings === true) {
    const alone = ({ kind, setting }: ComparedSetting) =>
      kind === 'runs' ? rankSettings([setting], { ...selection, metric }).settings : [];
    return {
      chosen: comparedSettings.map((compared) => ({ compared, settingsTried: 1, edges: [], tried: alone(compared) })),
      metric,
    };
  }
  const competitors = groupBy(comparedSettings, (compared) => competitorKey(compared, rows.groupBy ?? []));
  const chosen = [...competitors.values()].flatMap((own): Chosen[] => {
    const runs = own.filter(({ kind }) => kind === 'runs').map(({ setting }) => setting);
    const summaries = own.filter(({ kind }) => kind === 'summary');
    const tried = rankSettings(runs, { ...selection, metric }).settings;
    const [best] = tried;
    const compared = own.find(({ setting }) => setting === best?.setting);
    const pruned = tried.filter(
      ({ aggregate: { counts } }) => counts.completed === 0 && counts.pruned !== undefined,
    ).length;
    // Of a summary nothing is known to choose by: its authors have chosen already.
    return [
      ...(compared === undefined
        ? []
        : [
            {
              compared,
              settingsTried: runs.length,
              ...(pruned === 0 ? {} : { settingsPruned: pruned }),
              edges: gridEdges(compared.setting, runs),
              tried,
            },
          ]),
      ...summaries.map((summary) => ({ compared: summary, settingsTried: 1, edges: [], tried: [] })),
    ];
  });
  return { chosen, metric };
}

function competitorKey({ originKind, origin, setting }: ComparedSetting, names: readonly string[]): string {
  const { optimizer, optimizerSource, conditions, position } = setting;
  const { engine, statedOptimizer, statedTestproblem } = conditions;
  const values = names.map((name) => settingValue(setting, name));
  return JSON.stringify([
    ...[originKind, origin, position, optimizer, optimizerSource?.sha256],
    ...[engine, statedOptimizer, statedTestproblem, values],
  ]);
}

/** Names of conditions that settings can be selected and grouped by, beside those of hyperparameters. */
const CONDITIONS: Readonly<Record<string, (setting: Setting) => string | number | null>> = {
  testproblem: ({ testproblem }) => testproblem,
  optimizer: ({ optimizer }) => optimizer,
  num_epochs: ({ numEpochs }) => numEpochs,
  batch_size: ({ batchSize }) => batchSize,
  l2_reg: ({ l2InForce }) => l2InForce,
  engine: ({ conditions }) => conditions.engine,
  protocol: ({ conditions }) => conditions.protocol,
  data: ({ conditions }) => conditions.dataSource,
  label: ({ label }) => label,
  version: ({ optimizerSource }) => (optimizerSource === null ? null : sourceVersion(optimizerSource.sha256)),
};

/** The value of a hyperparameter, a training parameter or a condition, as text; undefined for one that the setting has not. */
export function settingValue(setting: Setting, name: string): string | undefined {
  const value = ownValue(setting, name);
  return value === undefined ? undefined : textOf(value);
}

function ownValue(setting: Setting, name: string): unknown {
  const { hyperparameters, trainingParameters } = setting;
  for (const values of [hyperparameters, trainingParameters]) {
    if (Object.hasOwn(values, name)) return values[name] ?? null;
  }
  return Object.hasOwn(CONDITIONS, name) ? (CONDITIONS[name]?.(setting) ?? null) : undefined;
}

/** Every name that {@link settingValue} knows of these settings, in alphabetical order. */
export function namesOf(settings: readonly Setting[]): string[] {
  const own = settings.flatMap(({ hyperparameters, trainingParameters }) => [
    ...Object.keys(hyperparameters),
    ...Object.keys(trainingParameters),
  ]);
  return [...new Set([...own, ...Object.keys(CONDITIONS)])].sort();
}

/** Whether a setting meets a condition. One without that name is not concerned: `lr=0.1` says nothing about an optimizer that has no lr. */
export function satisfies(setting: Setting, [name, stated]: Condition): boolean {
  const value = ownValue(setting, name);
  return value === undefined || isAmong(value, stated);
}

function textOf(value: unknown): string {
  return typeof value === 'number'
    ? JSON.stringify(canonicalNumber(value))
    : JSON.stringify(value ?? null).replace(/^"|"$/g, '');
}
