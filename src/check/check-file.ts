import { type DatasetDefinition, loadDataset } from '../dataset/index.js';
import { type EngineOptions, openEngine } from '../engine/index.js';
import { FileError } from '../errors.js';
import { loadOptimizerAndSource } from '../optimizer/index.js';
import { loadTestProblemAndSource } from '../testproblem/index.js';
import type { DefinitionNoun } from '../user-file/user-code.js';
import { loadUserModule, nounOf } from '../user-file/user-file.js';
import { checkOptimizer } from './check-optimizer.js';
import { checkProblem } from './check-problem.js';
import { type Finding, finding } from './finding.js';

/** What was found in a user's file. */
export interface FileCheck {
  /** What it defines; null where it does not load, or defines nothing. */
  readonly defines: DefinitionNoun | null;
  readonly findings: readonly Finding[];
}

/** How a file is checked. */
export interface CheckOptions {
  readonly engine?: EngineOptions;
  /** Where a data set may read its files. */
  readonly dataDir: string;
}

/**
 * Looks at a user's file: whether it loads, keeps to its contract, repeats and goes on after a stop, and whether derivatives are
 * those of the loss. Nothing is written. Throws EngineError where the engine does not open.
 */
export async function checkFile(file: string, { engine: options = {}, dataDir }: CheckOptions): Promise<FileCheck> {
  let defines: DefinitionNoun | null = null;
  const loads = await finding('the file loads, and defines something', async () => {
    const { exported } = await loadUserModule(file, { option: 'check', noun: 'optimizer' });
    defines = nounOf(exported);
    if (defines !== null) return;
    throw new FileError(
      `${file}: its default export is no definition; expected the result of defineOptimizer, defineTestProblem or defineDataset`,
    );
  });
  if (defines === null) return { defines, findings: [loads] };
  const findings = [loads, ...(await checkDefinition(file, defines, options, dataDir))];
  return { defines, findings };
}

async function checkDefinition(
  file: string,
  noun: DefinitionNoun,
  options: EngineOptions,
  dataDir: string,
): Promise<Finding[]> {
  const what = 'its names and statements are usable';
  const failed = async (load: () => Promise<unknown>) => [await finding(what, load)];
  if (noun === 'data set') {
    const loaded = await loadDataset(file).catch(() => null);
    return loaded === null ? failed(() => loadDataset(file)) : checkDataset(loaded.definition, dataDir);
  }
  const load = noun === 'optimizer' ? loadOptimizerAndSource : loadTestProblemAndSource;
  const [named] = await failed(() => load(file));
  if (named === undefined || named.fault !== null) return named === undefined ? [] : [named];
  const engine = await openEngine(options);
  try {
    if (noun === 'test problem')
      return [named, ...(await checkProblem((await loadTestProblemAndSource(file)).definition, engine))];
    const { definition, source } = await loadOptimizerAndSource(file);
    return source === null ? [named] : [named, ...(await checkOptimizer(file, definition, source, engine))];
  } finally {
    await engine.dispose();
  }
}

async function checkDataset(definition: DatasetDefinition, dataDir: string): Promise<Finding[]> {
  if (definition.kind !== 'own') return [];
  const opened = async (syntheticSize: number | null) => {
    const [first, second] = [
      await definition.open({ dataDir, syntheticSize }),
      await definition.open({ dataDir, syntheticSize }),
    ];
    if (first.record.checksum === second.record.checksum) return;
    throw new Error(`data set ${definition.name}: loaded twice it has other values; draw them from fixed seeds`);
  };
  return [
    await finding('its examples are as it states, and the same whenever it is loaded', () => opened(null)),
    await finding('its synthetic examples are, too', () => opened(Math.max(3, Math.min(60, definition.sizes.train)))),
  ];
}
