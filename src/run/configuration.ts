import { type DatasetDefinition, datasetDefinition, loadDataset, sizesInForce } from '../dataset/index.js';
import { resolveEngine } from '../engine/index.js';
import { ConfigurationError } from '../errors.js';
import {
  checkTransformation,
  describeHyperparameters,
  loadOptimizerAndSource,
  type OptimizerDefinition,
} from '../optimizer/index.js';
import type { LaterOptions, RunConfiguration, SourceFile } from '../results/index.js';
import {
  expectationOf,
  keysOf,
  LATER_KEYS,
  type OptionValue,
  propertyOf,
  type RequestedOptions,
  type RunOptionKey,
  runOption,
  type ValueOf,
} from '../run-options/index.js';
import { loadTestProblemAndSource, type TestProblem } from '../testproblem/index.js';
import type { Loaded } from '../user-file/registry.js';
import type { UserSource } from '../user-file/source-identity.js';
import { option as named, say } from '../words.js';
import { display, resolveHyperparameters } from './hyperparameters.js';
import { checkFit } from './problem-data.js';
import { schedulesInForce } from './schedules.js';

/** A run as a user asks for it: everything but test problem and optimizer has a default (the options of `probprec run`). */
export interface RunRequest extends RequestedOptions {
  /** A registered test problem's name, or a user's file. */
  readonly testproblem: string;
  /** A registered optimizer's name, or a user's file. */
  readonly optimizer: string;
  /** Values, or texts as they come from the command line. */
  readonly hyperparameters?: Readonly<Record<string, unknown>>;
}

/** A run with everything decided: the configuration, and what it names. */
export interface ResolvedRun {
  readonly configuration: RunConfiguration;
  readonly testProblem: TestProblem;
  readonly dataset: DatasetDefinition;
  readonly optimizer: OptimizerDefinition;
  readonly sources: UserSources;
  readonly threads: number;
}

/** What users' definitions were loaded from; null for registered ones. */
export interface UserSources {
  readonly testProblem: UserSource | null;
  readonly dataset: UserSource | null;
  readonly optimizer: UserSource | null;
}

/** What many requests may have in common: definitions and engine, loaded and chosen once. */
export type RequestBasis = Pick<
  RunRequest,
  'testproblem' | 'dataset' | 'variant' | 'init' | 'optimizer' | 'engine' | 'device' | 'threads'
>;

/**
 * Fills in every default and checks every value. Throws ConfigurationError, one line that names the option, what was
 * found and what was expected.
 */
export async function resolveConfiguration(request: RunRequest): Promise<ResolvedRun> {
  return (await configurationResolver(request))(request);
}

/** {@link resolveConfiguration} for many requests that have this basis in common, which is theirs whatever they say. */
export async function configurationResolver(
  basis: RequestBasis,
): Promise<(request: Omit<RunRequest, keyof RequestBasis>) => ResolvedRun> {
  const named = await loadTestProblemAndSource(basis.testproblem);
  const choice = {
    ...(basis.variant === undefined ? {} : { variant: option('variant', basis.variant) }),
    init: option('init', basis.init),
  };
  const testProblem = { ...named, definition: named.definition.choose(choice) };
  const dataset = basis.dataset === undefined ? null : await loadDataset(basis.dataset);
  const optimizer = await loadOptimizerAndSource(basis.optimizer);
  const engine = await resolveEngine({
    ...(basis.engine === undefined ? {} : { engine: basis.engine }),
    ...(basis.device === undefined ? {} : { device: basis.device }),
    ...(basis.threads === undefined ? {} : { threads: option('threads', basis.threads) }),
  });
  const own = testProblem.definition;
  const definition = dataset?.definition ?? own.ownDataset ?? datasetDefinition(own.dataset);
  checkFit(own, definition);
  // Its own data set changes nothing when it is asked for by name.
  const replaced = dataset !== null && (dataset.source !== null || dataset.definition.name !== own.dataset);
  const loaded = { testProblem, optimizer, engine, definition, file: basis.optimizer };
  return (request) => resolve(request, { ...loaded, dataset: replaced ? dataset : null });
}

interface LoadedBasis {
  readonly testProblem: Loaded<TestProblem>;
  readonly optimizer: Loaded<OptimizerDefinition>;
  readonly engine: Awaited<ReturnType<typeof resolveEngine>>;
  /** The data set that is used. */
  readonly definition: DatasetDefinition;
  /** The data set that was asked for in place of the test problem's own; null without. */
  readonly dataset: Loaded<DatasetDefinition> | null;
  /** The optimizer as it was asked for. */
  readonly file: string;
}

function resolve(
  request: Omit<RunRequest, keyof RequestBasis>,
  { testProblem: loadedProblem, optimizer: loadedOptimizer, engine, definition, dataset, file }: LoadedBasis,
): ResolvedRun {
  const testProblem = loadedProblem.definition;
  const { definition: optimizer, source } = loadedOptimizer;
  const { defaults } = testProblem;
  const data = option('data', request.data);
  const syntheticSize = option('synthetic_size', request.syntheticSize) ?? null;
  checkCompanions(request);
  const l2Reg = option('l2_reg', request.l2Reg);
  if (l2Reg !== undefined && l2Reg > 0 && !testProblem.parameters.some((p) => p.regularised)) {
    throw new ConfigurationError({
      subject: named('l2_reg', l2Reg),
      what: `${testProblem.name} has no weights to regularise`,
    });
  }
  const l2RegGiven = l2Reg !== undefined && l2Reg !== (defaults.l2Reg ?? 0);
  const numEpochs = option('num_epochs', request.numEpochs ?? defaults.numEpochs);
  const hyperparameters = resolveHyperparameters(optimizer, request.hyperparameters ?? {});
  if (source !== null) {
    const shapes = [...new Map(testProblem.parameters.map(({ shape }) => [String(shape), shape])).values()];
    checkTransformation(file, optimizer, hyperparameters, { shapes, modules: source.modules });
  }
  const configuration: RunConfiguration = {
    testproblem: dataset === null ? testProblem.name : `${testProblem.name}@${dataset.definition.name}`,
    ...(loadedProblem.source === null ? {} : { testproblemSource: sourceFile(loadedProblem.source) }),
    ...(dataset === null
      ? {}
      : {
          dataset: {
            name: dataset.definition.name,
            source: dataset.source === null ? null : sourceFile(dataset.source),
          },
        }),
    ...laterOptions(request),
    variant: testProblem.variant,
    init: testProblem.init,
    optimizer: {
      name: optimizer.name,
      className: optimizer.className,
      hyperparameters,
      integerHyperparameters: describeHyperparameters(optimizer)
        .filter(({ type }) => type === 'integer')
        .map(({ name }) => name),
      source: source === null ? null : sourceFile(source),
    },
    seed: option('seed', request.seed),
    batchSize: option('batch_size', request.batchSize ?? defaults.batchSize),
    numEpochs,
    l2Reg: l2RegGiven ? l2Reg : defaults.l2Reg,
    l2RegGiven,
    data: dataInForce(definition, data, syntheticSize),
    engine: { name: engine.engine, device: engine.device },
    protocol: option('protocol', request.protocol),
    trainLogInterval: option('train_log_interval', request.trainLogInterval),
    ...schedulesInForce(request, optimizer, numEpochs),
  };
  checkBatchSize(configuration, definition);
  const sources = { testProblem: loadedProblem.source, dataset: dataset?.source ?? null, optimizer: source };
  return { configuration, testProblem, dataset: definition, optimizer, sources, threads: engine.threads };
}

function sourceFile({ file, sha256 }: UserSource): SourceFile {
  return { file, sha256 };
}

/** Generated data have no source; synthetic images have the size of the real training file unless another is asked for. */
function dataInForce(
  definition: DatasetDefinition,
  source: 'real' | 'synthetic',
  syntheticSize: number | null,
): RunConfiguration['data'] {
  if (definition.kind === 'generated' || source === 'real') return { source: 'real', syntheticSize: null };
  return { source, syntheticSize: syntheticSize ?? definition.sizes.train + definition.sizes.valid };
}

/** Options that came later, as they are stated or by default; the test problem decides about those that choose its version. */
function laterOptions(request: RequestedOptions): LaterOptions {
  return Object.fromEntries(LATER_KEYS.map((key) => [propertyOf(key), option(key, request[propertyOf(key)]) ?? null]));
}

/** The value of an option as it is stated, else its default; undefined for one whose default depends on something else. */
function option<Key extends RunOptionKey, Stated>(
  key: Key,
  stated: Stated,
): undefined extends Stated ? OptionValue<Key> : ValueOf<Key> {
  if (stated === undefined) return runOption(key).default as ReturnType<typeof option<Key, Stated>>;
  const expected = expectationOf(key, stated);
  if (expected === null) return stated as ReturnType<typeof option<Key, Stated>>;
  throw new ConfigurationError({ subject: named(key), found: display(stated), expected });
}

/** Options that go with one value of another. */
function checkCompanions(request: RequestedOptions): void {
  for (const key of keysOf('identity')) {
    const { goesWith } = runOption(key);
    const stated = request[propertyOf(key)];
    if (goesWith === undefined || stated === undefined) continue;
    const [other, value] = goesWith;
    if (option(other, request[propertyOf(other)]) === value) continue;
    throw new ConfigurationError({
      subject: named(key, stated),
      what: say`goes with ${named(other, value)} only`,
    });
  }
}

/** The batch must fit the training images; known without the data for real and synthetic ones alike. */
function checkBatchSize({ batchSize, data }: RunConfiguration, definition: DatasetDefinition): void {
  const { name } = definition;
  const examples = sizesInForce(definition, data.syntheticSize).train;
  if (batchSize > examples) {
    throw new ConfigurationError({
      subject: named('batch_size'),
      found: String(batchSize),
      expected: `at most ${examples}, the training examples of ${name}`,
    });
  }
}
