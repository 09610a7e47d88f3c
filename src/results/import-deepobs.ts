import { lstat, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ConfigurationError } from '../errors.js';
import { quotedName } from '../shown-text.js';
import { type JsonValue, prettyJson } from './canonical-json.js';
import { optimizerLabel } from './deepobs/dialect.js';
import { deepobsFoldersOf } from './deepobs/export.js';
import type { ImportedRun } from './deepobs/imported-run.js';
import { sealDeepobsRun } from './deepobs/read.js';
import { searchResultFiles } from './find-files.js';
import { pathPartFault } from './names.js';
import { settingName } from './paths.js';
import { parseResultFile } from './result-file.js';
import { decodeSettings, type SettingValue, type SettingValues } from './setting-value.js';
import { fileNameOf, type Transfer, type Transferred, transferFiles } from './transfer.js';

/**
 * Reads every DeepOBS run below the folders and writes it as strict JSON, with what was inferred and where it came from,
 * below outputDir, where `compare` and `validate` find it: under the names of the folders it came from. A file that is
 * already there with other content is a fault.
 */
export async function importDeepobs(folders: readonly string[], outputDir: string): Promise<Transfer> {
  const found = await searchResultFiles(folders, 'a folder of DeepOBS results');
  return transferFiles(found, outputDir, async (path, text, file) => {
    if (file.kind !== 'deepobs') return 'skipped, it is no file of DeepOBS';
    const run = sealDeepobsRun(text, file.content, file.parsed);
    const parts = [
      ...deepobsFoldersOf({ kind: 'imported', content: run }, 'original'),
      fileNameOf(path, run.random_seed),
    ];
    return {
      parts,
      text: `${prettyJson(run as JsonValue)}\n`,
      owner: dirname(resolve(path)),
      replaces: (there) => isImportOf(there, run.imported_from.sha256),
      notes: [...notesOf(run), ...(await earlierImport(outputDir, parts, run))],
    } satisfies Transferred;
  });
}

/** What is said of an imported run besides the notes in its file. */
function notesOf(run: ImportedRun): string[] {
  const { label, notes } = run;
  const alias = optimizerLabel(label, decodeSettings(run.optimizer_hyperparams));
  const aliases = alias === label ? [] : [`${quotedName(label)} counts as ${alias} in comparisons (docs/deepobs.md)`];
  const unknown =
    run.imported_from.engine === 'unknown engine'
      ? ['its keys do not show whether it comes from PyTorch or TensorFlow']
      : [];
  return [...notes, ...aliases, ...unknown];
}

/** An import of the same original by an earlier version: ours to replace. */
function isImportOf(text: string, sha256: string): boolean {
  try {
    const file = parseResultFile('', text);
    return file.kind === 'imported' && file.content.imported_from.sha256 === sha256;
  } catch {
    return false;
  }
}

/** Import version 1 went by the test problem in the file and by computed folder names; its file would count twice. */
async function earlierImport(outputDir: string, parts: readonly string[], run: ImportedRun): Promise<string[]> {
  const before = pathOfVersion1(run, parts.at(-1) ?? '');
  if (before === null || join(...before) === join(...parts)) return [];
  const path = join(outputDir, ...before);
  const entry = await lstat(path).catch(() => null);
  if (entry?.isFile() !== true) return [];
  const same = isImportOf(await readFile(path, 'utf8'), run.imported_from.sha256);
  return same ? [`an earlier version imported the file as ${path}: remove that, or it counts twice`] : [];
}

function pathOfVersion1(run: ImportedRun, fileName: string): string[] | null {
  try {
    const setting = settingName({
      numEpochs: run.num_epochs,
      batchSize: run.batch_size,
      hyperparameters: valuesOfVersion1(run),
      version: {},
      l2: run.l2_reg === null ? null : { key: 'l2_reg', value: run.l2_reg },
      integerHyperparameters: run.integer_hyperparameters,
      lrSchedule: null,
    });
    const parts = [run.stated_testproblem ?? run.testproblem, run.label, setting, fileName];
    return parts.every((part) => pathPartFault(part) === null) ? parts : null;
  } catch (error) {
    if (error instanceof ConfigurationError) return null;
    throw error;
  }
}

/** Version 1 kept TensorFlow's names, wrote lists as texts and had null for what is not finite. */
function valuesOfVersion1({ optimizer_hyperparams, imported_from }: ImportedRun): SettingValues {
  const kept = imported_from.dialect === 'deepobs-1.2-beta-tensorflow';
  const entries = Object.entries(decodeSettings(optimizer_hyperparams)).map(([name, value]): [string, SettingValue] => [
    kept && name === 'lr' ? 'learning_rate' : name,
    valueOfVersion1(value),
  ]);
  return Object.fromEntries(entries);
}

function valueOfVersion1(value: SettingValue): SettingValue {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}
