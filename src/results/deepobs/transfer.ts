import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ConfigurationError, FileError } from '../../errors.js';
import { writeFileAtomic } from '../atomic-file.js';
import { type JsonValue, prettyJson } from '../canonical-json.js';
import { settingName } from '../paths.js';
import { type ResultFile, readResultFile, recordResultFile } from '../result-file.js';
import { findResultFiles } from '../validate.js';
import { deepobsPath, deepobsText, type ExportableRun, type ExportDialect } from './export.js';
import { type ImportedRun, recordImportedRun } from './imported-run.js';

/** What became of the files of an import or export, each with its path; a fault or reason is one line. */
export interface Transfer {
  readonly written: readonly string[];
  /** Already there, with the same content. */
  readonly unchanged: readonly string[];
  /** Nothing that could be transferred, and why. */
  readonly skipped: readonly string[];
  /** Files with something wrong. */
  readonly faults: readonly string[];
  /** What the other format cannot say about files that were written. */
  readonly notes: readonly string[];
}

/**
 * Reads every DeepOBS run below the folders and writes it as strict JSON, with what was inferred and where it came from,
 * below outputDir, where `compare` and `validate` find it. A file that is already there with other content is a fault.
 */
export async function importDeepobs(folders: readonly string[], outputDir: string): Promise<Transfer> {
  return transfer(folders, async (path, { kind, content }) => {
    if (kind !== 'deepobs') return `${path}: skipped, it is no file of DeepOBS`;
    const folder = settingName({
      ...recordImportedRun(path, content),
      l2: content.l2_reg === null ? null : { key: 'l2_reg', value: content.l2_reg },
      integerHyperparameters: content.integer_hyperparameters,
      lrSchedule: null,
    });
    const target = join(outputDir, content.testproblem, content.label, folder, fileNameOf(path, content.random_seed));
    return { target, text: `${prettyJson(content as JsonValue)}\n` };
  });
}

/**
 * Writes every run below the folders as DeepOBS would have written it, below outputDir. Interrupted and failed runs are
 * skipped: DeepOBS has no files of such.
 */
export async function exportDeepobs(
  folders: readonly string[],
  outputDir: string,
  dialect: ExportDialect = 'deepobs-1.2-beta',
): Promise<Transfer> {
  return transfer(folders, async (path, file) => {
    const exportable = exportableRun(path, file);
    const text = deepobsText(exportable, dialect);
    const { state } = exportable.run.status;
    if (text === null) return `${path}: skipped, the run is ${state} and DeepOBS has no files of such`;
    if (exportable.run.curves.valid_losses === null) {
      return `${path}: skipped, it has no validation losses, without which DeepOBS 1.2 reads no file`;
    }
    const { dataSource } = exportable.run.conditions;
    const note =
      dataSource === 'synthetic'
        ? `${path}: trained on synthetic images, which a file of DeepOBS cannot say`
        : undefined;
    return { target: join(outputDir, deepobsPath(exportable, dialect)), text, note };
  });
}

/** What the export needs of a result file. */
export function exportableRun(path: string, file: ResultFile): ExportableRun {
  const run = recordResultFile(path, file);
  const fileName = fileNameOf(path, run.seed);
  const { content } = file;
  if (file.kind === 'probprec') {
    return {
      run,
      fileName,
      optimizerName: file.content.optimizer_name,
      integerHyperparameters: file.content.configuration.optimizer.integer_hyperparameters,
      loggedPerEpoch: Math.ceil(file.content.steps_per_epoch / file.content.train_log_interval),
    };
  }
  const { integer_hyperparameters, optimizer_name } = content as ImportedRun;
  const loggedPerEpoch = Math.floor(
    run.minibatchTrainLosses.length / Math.max(1, (run.curves.train_losses ?? []).length),
  );
  return {
    run,
    fileName,
    optimizerName: optimizer_name,
    integerHyperparameters: integer_hyperparameters,
    loggedPerEpoch,
  };
}

async function transfer(
  folders: readonly string[],
  convert: (
    path: string,
    file: ResultFile,
  ) => Promise<{ target: string; text: string; note?: string | undefined } | string>,
): Promise<Transfer> {
  const written: string[] = [];
  const unchanged: string[] = [];
  const skipped: string[] = [];
  const faults: string[] = [];
  const notes: string[] = [];
  for (const path of await findResultFiles(folders)) {
    try {
      const result = await convert(path, await readResultFile(path));
      if (typeof result === 'string') {
        skipped.push(result);
        continue;
      }
      const there = await readFile(result.target, 'utf8').catch(() => null);
      if (there === result.text) unchanged.push(result.target);
      else if (there !== null)
        faults.push(`${result.target}: found a file with other content, left it as it is (from ${path})`);
      else {
        await writeFileAtomic(result.target, result.text);
        written.push(result.target);
        if (result.note !== undefined) notes.push(result.note);
      }
    } catch (error) {
      if (error instanceof FileError) faults.push(error.message);
      else if (error instanceof ConfigurationError) faults.push(`${path}: ${error.message}`);
      else throw error;
    }
  }
  return { written, unchanged, skipped, faults, notes };
}

/** DeepOBS' name of a file; one that is named otherwise gets a name with its seed. */
function fileNameOf(path: string, seed: number): string {
  const name = basename(path);
  return name.startsWith('random_seed__') ? name : `random_seed__${seed}__${name.replace(/\.json$/, '')}.json`;
}
