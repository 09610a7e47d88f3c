import {
  datasetDefinition,
  datasetNames,
  FetchError,
  type FileInspection,
  fetchDataset,
  inspectDataset,
  missingDownloads,
  type PublishedFile,
} from '../../dataset/index.js';
import { DataError, type ExitCode, errorText } from '../../errors.js';
import { didYouMean } from '../../names.js';
import { asFlag } from '../../words.js';
import { dataDirectory } from '../data-dir.js';
import { UsageError } from '../failure.js';
import { byHand } from '../fetch-by-hand.js';
import { interruptible, interruptionCode } from '../interruption.js';
import { quoted } from '../option-values.js';
import { formatTable } from '../table.js';
import type { Terminal } from '../terminal.js';

interface DataOptions {
  readonly dataDir?: string;
  /** Base URLs to fetch from instead of the published mirrors. */
  readonly mirror?: readonly string[];
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** What is on disk of a data set: the worst state of its files in one word, a phrase for people, and the files. */
export interface DatasetFiles {
  readonly name: string;
  readonly state: 'verified' | 'unverified' | 'incomplete' | 'missing' | 'misnamed' | 'corrupt';
  readonly summary: string;
  readonly files: readonly FileInspection[];
  /** What would have to be downloaded. */
  readonly downloads: readonly PublishedFile[];
}

/** Says which files of the data sets are there and in which state, and how to fetch the missing ones by hand. */
export async function info(names: readonly string[], options: DataOptions, terminal: Terminal): Promise<ExitCode> {
  const dataDir = dataDirectory(options.dataDir);
  const datasets = await describeAll(names, dataDir);
  show(datasets, dataDir, options, terminal);
  const downloads = datasets.flatMap((dataset) => dataset.downloads);
  if (!options.json && downloads.length > 0) terminal.result(`\n${byHand(downloads, dataDir)}`);
  return 0;
}

/** As info, but returns 1 when a data set is not byte for byte the published one. */
export async function verify(names: readonly string[], options: DataOptions, terminal: Terminal): Promise<ExitCode> {
  const dataDir = dataDirectory(options.dataDir);
  const datasets = await describeAll(names, dataDir);
  show(datasets, dataDir, options, terminal);
  const others = datasets.filter(({ state }) => state !== 'verified');
  if (others.length === 0) return 0;
  terminal.line(`probprec: not verified: ${others.map(({ name, state }) => `${name} (${state})`).join(', ')}`);
  return 1;
}

/** Downloads what is missing; prints the new files' paths. Returns 1 when a data set could not be had. */
export async function fetch(names: readonly string[], options: DataOptions, terminal: Terminal): Promise<ExitCode> {
  const dataDir = dataDirectory(options.dataDir);
  const interruption = interruptible(
    terminal,
    () => 'probprec: interrupted; what the server can resume is kept; repeat the command',
  );
  const onProgress = (line: string) => {
    if (!options.quiet) terminal.line(line);
  };
  let failed = false;
  try {
    for (const name of chosen(names)) {
      try {
        const { signal } = interruption;
        const paths = await fetchDataset(name, dataDir, { onProgress, signal, mirrors: options.mirror });
        for (const path of paths) terminal.result(path);
        if (paths.length === 0) onProgress(`${name}: nothing to fetch, its files are in ${dataDir}`);
      } catch (error) {
        if (interruption.signal.aborted) return interruptionCode(interruption.signal);
        if (!(error instanceof DataError)) throw error;
        const hint =
          error instanceof FetchError ? `; \`probprec data info ${name}\` lists what to download by hand` : '';
        terminal.line(`probprec: ${name}: ${errorText(error, asFlag)}${hint}`);
        failed = true;
      }
    }
  } finally {
    interruption.release();
  }
  return failed ? 1 : 0;
}

/** Inspects the files of one data set. */
export async function describeDatasetFiles(name: string, dataDir: string): Promise<DatasetFiles> {
  const files = (await inspectDataset(name, dataDir)).map(inWords);
  const downloads = await missingDownloads(name, dataDir);
  return { name, ...summarise(files), files, downloads };
}

/** The reason in the words of the command line. */
function inWords(file: FileInspection): FileInspection {
  if (file.state === 'missing' || file.error === undefined) return file;
  const { error, ...rest } = file;
  return { ...rest, reason: errorText(error, asFlag) };
}

function summarise(files: readonly FileInspection[]): Pick<DatasetFiles, 'state' | 'summary'> {
  const count = (state: FileInspection['state']) => files.filter((file) => file.state === state).length;
  const broken = files.find(({ state }) => state === 'corrupt') ?? files.find(({ state }) => state === 'misnamed');
  if (broken !== undefined && broken.state !== 'missing') {
    return { state: broken.state === 'misnamed' ? 'misnamed' : 'corrupt', summary: broken.reason ?? broken.path };
  }
  if (count('missing') === files.length) return { state: 'missing', summary: 'no files' };
  if (count('missing') > 0) {
    const missing = files.filter((file) => file.state === 'missing').map(({ path }) => path);
    return { state: 'incomplete', summary: `missing ${missing.join(', ')}` };
  }
  if (count('unverified') > 0) {
    const summary = `usable; ${count('unverified')} of ${files.length} files are not the published ones byte for byte`;
    return { state: 'unverified', summary };
  }
  return { state: 'verified', summary: 'complete, every file is the published one' };
}

/** Names of the data sets that have files. */
export function namesWithFiles(): string[] {
  return datasetNames().filter((name) => datasetDefinition(name).files.length > 0);
}

function chosen(names: readonly string[]): readonly string[] {
  const known = namesWithFiles();
  for (const name of names) {
    if (!known.includes(name)) {
      const hint = didYouMean(name, known);
      throw new UsageError({
        subject: 'data',
        found: `the data set ${quoted(name)}`,
        expected: `some of ${known.join(', ')}${hint}`,
      });
    }
  }
  return names.length > 0 ? names : known;
}

async function describeAll(names: readonly string[], dataDir: string): Promise<DatasetFiles[]> {
  const datasets: DatasetFiles[] = [];
  for (const name of chosen(names)) datasets.push(await describeDatasetFiles(name, dataDir));
  return datasets;
}

function show(datasets: readonly DatasetFiles[], dataDir: string, options: DataOptions, terminal: Terminal): void {
  if (options.json) {
    terminal.result(JSON.stringify({ directory: dataDir, datasets }, null, 2));
    return;
  }
  const rows = datasets.flatMap(({ name, files }) =>
    files.map((file) => [
      ...[name, file.path, file.state, file.state === 'missing' ? null : file.size, file.reason ?? ''],
    ]),
  );
  terminal.line(`data sets in ${dataDir}`);
  terminal.result(formatTable(['data set', 'file', 'state', 'bytes', 'remark'], rows, terminal));
}
