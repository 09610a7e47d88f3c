import { type DatasetDefinition, loadDataset } from '../dataset/index.js';
import { type Engine, type EngineOptions, openEngine } from '../engine/index.js';
import { FileError } from '../errors.js';
import { loadOptimizerAndSource } from '../optimizer/index.js';
import { loadTestProblemAndSource } from '../testproblem/index.js';
import type { UserSource } from '../user-file/source-identity.js';
import { type DefinitionNoun, UserCode } from '../user-file/user-code.js';
import { loadUserModule, nounOf } from '../user-file/user-file.js';
import { AHEAD, ChangingValues } from './changing-values.js';
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
    throw new FileError({
      subject: file,
      what: 'its default export is no definition',
      remedy: 'expected the result of defineOptimizer, defineTestProblem or defineDataset',
    });
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
): Promise<readonly Finding[]> {
  switch (noun) {
    case 'data set':
      return usable(
        () => loadDataset(file),
        ({ definition, source }) => checkDataset(definition, codeOf(file, source, noun), dataDir),
      );
    case 'test problem':
      return usable(
        () => loadTestProblemAndSource(file),
        ({ definition, source }) =>
          onEngine(options, (engine) => checkProblem(definition, codeOf(file, source, noun), engine)),
      );
    case 'optimizer':
      return usable(
        async () => ({
          first: await loadOptimizerAndSource(file),
          second: await loadOptimizerAndSource(file, 'check'),
        }),
        ({ first, second }) => {
          const code = codeOf(file, first.source, noun);
          const definitions = [first.definition, second.definition] as const;
          return onEngine(options, (engine) => checkOptimizer(definitions, code, engine));
        },
      );
  }
}

/** Loads a definition; where its names and statements can be used, looks further. */
async function usable<T>(load: () => Promise<T>, look: (loaded: T) => Promise<readonly Finding[]>) {
  let loaded: { readonly value: T } | null = null;
  const named = await finding('its names and statements are usable', async () => {
    loaded = { value: await load() };
  });
  return loaded === null ? [named] : [named, ...(await look((loaded as { readonly value: T }).value))];
}

function codeOf(file: string, source: UserSource | null, noun: DefinitionNoun): UserCode {
  return new UserCode(file, source?.modules ?? [], noun);
}

async function onEngine<T>(options: EngineOptions, work: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await openEngine(options);
  try {
    return await work(engine);
  } finally {
    await engine.dispose();
  }
}

async function checkDataset(definition: DatasetDefinition, code: UserCode, dataDir: string): Promise<Finding[]> {
  if (definition.kind !== 'own') return [];
  const opened = async (syntheticSize: number | null) => {
    const changing = new ChangingValues(code);
    const open = (ahead: number) => changing.during(() => definition.open({ dataDir, syntheticSize }), ahead);
    const [first, second] = [await open(0), await open(AHEAD)];
    if (first.record.checksum === second.record.checksum) return;
    const place = code.placeOfProperty(syntheticSize === null ? 'load' : 'synthetic') ?? code.file;
    throw new FileError({
      subject: `${place}: data set ${definition.name}`,
      what: 'loaded twice it has other values',
      remedy: `draw them from fixed seeds${changing.suffix}`,
    });
  };
  return [
    await finding('its examples are as it states, and the same whenever it is loaded', () => opened(null)),
    await finding('its synthetic examples are, too', () => opened(Math.max(3, Math.min(60, definition.sizes.train)))),
  ];
}
