import { dirname, resolve } from 'node:path';
import { sha256Hex } from './canonical-json.js';
import {
  deepobsFoldersOf,
  deepobsText,
  type ExportableRun,
  type ExportDialect,
  hasValidation,
} from './deepobs/export.js';
import { sealDeepobsRun } from './deepobs/read.js';
import { searchResultFiles } from './find-files.js';
import { recordResultFile } from './result-file.js';
import { fileNameOf, type Transfer, transferFiles } from './transfer.js';

/**
 * Writes every run below the folders as DeepOBS would have written it, below outputDir. Interrupted and failed runs are
 * skipped: DeepOBS has no files of such. Runs of two experiments that DeepOBS would average, since they would lie in one
 * folder, are not written together.
 */
export async function exportDeepobs(
  folders: readonly string[],
  outputDir: string,
  dialect: ExportDialect = 'original',
): Promise<Transfer> {
  const found = await searchResultFiles(folders);
  return transferFiles(found, outputDir, (path, text, file) => {
    const run: ExportableRun =
      file.kind === 'deepobs' ? { kind: 'imported', content: sealDeepobsRun(text, file.content, file.parsed) } : file;
    const content = deepobsText(run, dialect);
    if (content === null) return `skipped, the run is ${run.content.status.state} and DeepOBS has no files of such`;
    const asItWas = run.kind === 'imported' && dialect === 'original' && run.content.original !== null;
    if (!asItWas && !hasValidation(run)) {
      return 'skipped, it has no validation losses, without which DeepOBS 1.2 reads no file';
    }
    return {
      parts: [...deepobsFoldersOf(run, dialect), fileNameOf(path, run.content.random_seed)],
      text: content,
      owner: ownerOf(path, run),
      notes: notesOf(run, content, asItWas),
    };
  });
}

/** The experiment of a run: of one of ours its setting and conditions, of another its folder, which DeepOBS goes by. */
function ownerOf(path: string, run: ExportableRun): string {
  if (run.kind === 'imported') return dirname(resolve(path));
  const { setting, conditions } = recordResultFile(path, run);
  const { machine, ...others } = conditions;
  return JSON.stringify([setting, others]);
}

function notesOf(run: ExportableRun, text: string, asItWas: boolean): string[] {
  if (run.kind === 'probprec') {
    return run.content.dataset.source === 'synthetic'
      ? ['trained on synthetic images, which a DeepOBS file cannot record']
      : [];
  }
  return asItWas && sha256Hex(text) !== run.content.imported_from.sha256
    ? ['not byte for byte the file that was imported']
    : [];
}
