import { basename, dirname, extname, resolve } from 'node:path';
import { ConfigurationError } from '../errors.js';
import { withOptimizerFile } from '../optimizer/index.js';
import { readRegularFile } from '../regular-file.js';
import { isUserFile } from '../user-file/is-user-file.js';
import { type PlanFile, parsePlanFile } from './plan-file.js';
import type { PlanPruning } from './plan-pruning.js';
import type { PlanResources } from './plan-resources.js';
import { PLAN_NAME, type PlanContent, type PlanOptions } from './plan-schema.js';

/** Bytes; a plan of a hundred thousand seeds, each on its own line, has a tenth. */
const LONGEST_PLAN = 10_000_000;

/** A validated plan file: the runs that belong together, as their author stated them. */
export interface Plan {
  /** As given. */
  readonly path: string;
  /** [A-Za-z0-9._-]+; by default the file's name without extension. */
  readonly name: string;
  /** Absolute; a relative one in the file is relative to the plan file's folder. */
  readonly outputDir: string;
  /** Likewise; undefined leaves the choice to --data-dir's default. */
  readonly dataDir: string | undefined;
  readonly resources: PlanResources;
  /** Files of the user's are absolute here and below. */
  readonly testproblems: PlanContent['testproblems'];
  readonly optimizers: PlanContent['optimizers'];
  /** For all optimizers that have these hyperparameters, unless they state their own. */
  readonly settings: PlanContent['settings'];
  readonly sampling: PlanContent['sampling'];
  readonly seeds: readonly number[];
  readonly options: PlanContent['options'];
  /** Whether every run keeps the checkpoint of its last epoch, to be extended. */
  readonly keepCheckpoint: boolean;
  /** How settings are stopped before their end; undefined for none. */
  readonly pruning: PlanPruning | undefined;
  /** Whether files of the user's that the plan names may be loaded; their code runs then. */
  readonly allowUserCode: boolean;
  /** Where the file says what, for errors. */
  readonly source: Pick<PlanFile, 'place' | 'has'>;
}

/** How far a plan file is trusted. */
export interface PlanTrust {
  /** Default: no, since a plan may come from somebody else. */
  readonly allowUserCode?: boolean | undefined;
}

/**
 * Reads and checks a plan file; runs nothing that it names. Throws ConfigurationError, one line that names file, line, what
 * was found and expected.
 */
export async function readPlan(path: string, trust: PlanTrust = {}): Promise<Plan> {
  const { content } = await readRegularFile(path, { most: LONGEST_PLAN }).catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'ENOENT' ? 'no such file' : error.message;
    const known = error.code === 'ENOENT' || error.code === undefined;
    throw new ConfigurationError(
      {
        subject: path,
        what: `${known ? reason : `cannot be read (${reason})`}`,
        remedy: 'expected a plan (probprec sweep plan writes one)',
      },
      { cause: error },
    );
  });
  return planOf(path, content.toString('utf8'), trust);
}

/** {@link readPlan} of a text that is not in a file yet. */
export function planOf(path: string, text: string, { allowUserCode = false }: PlanTrust = {}): Plan {
  const { content, place, has } = parsePlanFile(path, text);
  const folder = dirname(resolve(path));
  return {
    path,
    name: content.name ?? nameOfFile(path),
    outputDir: resolve(folder, content.output_dir),
    dataDir: content.data_dir === undefined ? undefined : resolve(folder, content.data_dir),
    resources: content.resources,
    testproblems: content.testproblems.map((entry) => ({
      ...entry,
      name: absolute(folder, entry.name),
      options: withAbsoluteFiles(folder, entry.options),
    })),
    optimizers: content.optimizers.map((entry) => ({
      ...entry,
      name: withOptimizerFile(entry.name, (file) => absolute(folder, file)),
      ...(entry.testproblems && { testproblems: entry.testproblems.map((name) => absolute(folder, name)) }),
      options: withAbsoluteFiles(folder, entry.options),
    })),
    settings: content.settings,
    sampling: content.sampling,
    seeds: content.seeds,
    options: withAbsoluteFiles(folder, content.options),
    keepCheckpoint: content.keep_checkpoint,
    pruning: content.pruning,
    allowUserCode,
    source: { place, has },
  };
}

/** What a plan names: a user's file lies relative to the plan. */
function absolute(folder: string, name: string): string {
  return isUserFile(name) ? resolve(folder, name) : name;
}

function withAbsoluteFiles(folder: string, options: PlanOptions): PlanOptions {
  return options.dataset === undefined ? options : { ...options, dataset: absolute(folder, options.dataset) };
}

/** The name that a plan has by its file. */
function nameOfFile(path: string): string {
  const name = basename(path, extname(path)).replaceAll(/[^A-Za-z0-9._-]/g, '-');
  return PLAN_NAME.test(name) ? name : `plan${name}`;
}
