import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  baselineSettings,
  bundledBaselinesFolder,
  type ComparedSetting,
  type KnownDefaults,
  readBaselineFiles,
  runBaselines,
} from '../../analysis/index.js';
import { describeHyperparameters, loadOptimizer, optimizerNames, optimizerOfClass } from '../../optimizer/index.js';
import { findResultFiles, frameworkDefaults, type RecordedRun, readResults } from '../../results/index.js';
import type { PlanTrust } from '../../sweep/index.js';
import { UsageError } from '../failure.js';
import { quoted } from '../option-values.js';

/** Runs to compare, where they were looked for, and what could not be read, one line each. */
export interface Sources {
  readonly runs: readonly RecordedRun[];
  readonly searched: readonly string[];
  readonly faults: readonly string[];
  /** What a reader should know of files that were skipped or are particular, one line each. */
  readonly remarks: readonly string[];
}

/**
 * The runs of files and folders. `LABEL=PATH` gives those of a path a label of their own; results of two labels are never
 * put together, and their rows stand in the order of the labels.
 */
export async function readSources(stated: readonly string[]): Promise<Sources> {
  const runs: RecordedRun[] = [];
  const faults: string[] = [];
  const remarks: string[] = [];
  const unlabelled: string[] = [];
  const searched: string[] = [];
  for (const [position, argument] of stated.entries()) {
    const labelled = await labelOf(argument);
    searched.push(labelled?.path ?? argument);
    if (labelled === null) {
      unlabelled.push(argument);
      continue;
    }
    const found = await readResults([labelled.path]);
    for (const run of found.runs) runs.push({ ...run, label: labelled.label, position });
    faults.push(...found.faults);
    remarks.push(...found.skipped, ...found.notes);
  }
  if (unlabelled.length > 0) {
    const found = await readResults(unlabelled);
    for (const run of found.runs) runs.push(run);
    faults.push(...found.faults);
    remarks.push(...found.skipped, ...found.notes);
  }
  return { runs, searched, faults, remarks };
}

/** `new=results/v2`, unless there is a file or folder of that name. */
async function labelOf(argument: string): Promise<{ label: string; path: string } | null> {
  const [, label, path] = /^([^=]+)=(.+)$/s.exec(argument) ?? [];
  if (label === undefined || path === undefined) return null;
  const exists = await stat(argument).then(
    () => true,
    () => false,
  );
  return exists ? null : { label, path };
}

/** Exactly the runs of a plan: each of its optimizer entries is a row, in the plan's order and with its label. */
export async function readPlanRuns(path: string, trust: PlanTrust = {}): Promise<Sources> {
  // Most comparisons are of folders, which need nothing of plans and how they are run.
  const { planStatus, readPlan } = await import('../../sweep/index.js');
  const plan = await readPlan(path, trust);
  const statuses = await planStatus(plan);
  const entries = new Map(
    statuses.flatMap(({ path: file, run }) => (file === null ? [] : [[file, run.entry] as const])),
  );
  const { runs, faults, skipped, notes } = await readResults([...entries.keys()]);
  return {
    runs: runs.map((run): RecordedRun => {
      const position = entries.get(run.file) ?? 0;
      return { ...run, position, label: plan.optimizers[position]?.label ?? null };
    }),
    searched: [`${path} (${plan.outputDir})`],
    faults,
    remarks: [...skipped, ...notes],
  };
}

/** `none`, `bundled`, `published`, or a folder with baseline files or with run files. */
export async function readBaselines(where: string): Promise<ComparedSetting[]> {
  if (where === 'none') return [];
  const bundled = bundledBaselinesFolder();
  if (where === 'bundled') return (await readBaselineFiles(bundled)).flatMap(baselineSettings);
  if (where === 'published') return (await readBaselineFiles(join(bundled, 'published'))).flatMap(baselineSettings);
  const folder = await stat(where).catch(() => null);
  if (folder?.isDirectory() !== true) {
    throw new UsageError({
      subject: '--baselines',
      found: quoted(where),
      expected: 'bundled, published, none or a folder',
    });
  }
  const files = await findResultFiles([where]);
  if (files.length === 0) return (await readBaselineFiles(where)).flatMap(baselineSettings);
  const { runs, faults } = await readResults(files);
  if (faults[0] !== undefined) throw new UsageError({ subject: '--baselines', what: `${faults[0]}` });
  return runBaselines(runs, where);
}

/**
 * The defaults of the hyperparameters of registered optimizers and of wrapped ones among `classNames`, and those of PyTorch's
 * and TensorFlow's for files of others.
 */
export async function knownDefaults(classNames: readonly string[]): Promise<KnownDefaults> {
  const definitions = await Promise.all(optimizerNames().map((name) => loadOptimizer(name)));
  const wrapped = [...new Set(classNames)].filter((name) => name.includes('('));
  const further = (await Promise.all(wrapped.map(optimizerOfClass))).filter((definition) => definition !== null);
  return new Map(
    [...definitions, ...further].map((definition) => {
      const own = describeHyperparameters(definition).map(({ name, default: value }) => [name, value] as const);
      return [
        definition.className,
        { ...frameworkDefaults(definition.className), ...Object.fromEntries(own) },
      ] as const;
    }),
  );
}
