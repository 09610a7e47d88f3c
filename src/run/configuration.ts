import { z } from 'zod';
import { type DatasetDefinition, datasetDefinition, loadDataset, sizesInForce } from '../dataset/index.js';
import { decimalNumber } from '../decimal-number.js';
import { resolveEngine } from '../engine/index.js';
import { ConfigurationError } from '../errors.js';
import { expectedOneOf } from '../names.js';
import { scalarFault } from '../optimizer/check-hyperparameters.js';
import {
  checkTransformation,
  describeHyperparameters,
  type HyperparameterValue,
  loadOptimizerAndSource,
  type OptimizerDefinition,
} from '../optimizer/index.js';
import type { LearningRateSchedule, RunConfiguration, SourceFile } from '../results/index.js';
import type { ScheduleRequest } from '../schedule/index.js';
import { INITIALISATIONS, loadTestProblemAndSource, type TestProblem, VARIANTS } from '../testproblem/index.js';
import type { Loaded } from '../user-file/registry.js';
import type { UserSource } from '../user-file/source-identity.js';
import { checkFit } from './problem-data.js';
import { schedulesInForce } from './schedules.js';

/** A run as a user asks for it: everything but test problem and optimizer has a default. */
export interface RunRequest {
  /** A registered test problem's name, or a user's file. */
  readonly testproblem: string;
  /** A data set in place of the test problem's own: a registered one's name, or a user's file. */
  readonly dataset?: string | undefined;
  /** Which of DeepOBS' two lines; default pytorch. */
  readonly variant?: string | undefined;
  /** What the network starts with; default what DeepOBS says. */
  readonly init?: string | undefined;
  /** A registered optimizer's name, or a user's file. */
  readonly optimizer: string;
  /** Values, or texts as they come from the command line. */
  readonly hyperparameters?: Readonly<Record<string, unknown>>;
  readonly seed?: number | undefined;
  readonly numEpochs?: number | undefined;
  readonly batchSize?: number | undefined;
  /** λ of the term ½ λ Σ w²; default: the test problem's. */
  readonly l2Reg?: number | undefined;
  readonly data?: string | undefined;
  readonly syntheticSize?: number | undefined;
  readonly engine?: string | undefined;
  readonly device?: string | undefined;
  readonly threads?: number | undefined;
  readonly protocol?: string | undefined;
  readonly trainLogInterval?: number | undefined;
  readonly lrSchedule?: LearningRateSchedule | undefined;
  /** A schedule by name and step; not beside `lrSchedule`. */
  readonly schedule?: ScheduleRequest | undefined;
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

/** The options' types and ranges; the keys are those of RunRequest. */
const optionSchemas = {
  variant: z.enum(VARIANTS).default('pytorch'),
  init: z.enum(INITIALISATIONS).default('deepobs'),
  seed: z.int().min(0).max(0xffffffff).default(42),
  numEpochs: z.int().min(0),
  batchSize: z.int().min(1),
  l2Reg: z.number().min(0),
  data: z.enum(['real', 'synthetic']).default('real'),
  syntheticSize: z.int().min(1).nullable().default(null),
  threads: z.int().min(1).optional(),
  protocol: z.enum(['probprec', 'deepobs-beta']).default('probprec'),
  trainLogInterval: z.int().min(1).default(10),
};

const describedOptions = describeHyperparameters({ hyperparameters: z.object(optionSchemas) });

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
  const choice = { variant: option('variant', basis.variant), init: option('init', basis.init) };
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
  const syntheticSize = option('syntheticSize', request.syntheticSize);
  if (data === 'real' && syntheticSize !== null) {
    throw new ConfigurationError(`--synthetic-size ${syntheticSize}: goes with --data synthetic only`);
  }
  const l2Reg = request.l2Reg === undefined ? undefined : option('l2Reg', request.l2Reg);
  if (l2Reg !== undefined && l2Reg > 0 && !testProblem.parameters.some((p) => p.regularised)) {
    throw new ConfigurationError(`--l2-reg ${l2Reg}: ${testProblem.name} has no weights to regularise`);
  }
  const l2RegGiven = l2Reg !== undefined && l2Reg !== (defaults.l2Reg ?? 0);
  const numEpochs = option('numEpochs', request.numEpochs ?? defaults.numEpochs);
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
    batchSize: option('batchSize', request.batchSize ?? defaults.batchSize),
    numEpochs,
    l2Reg: l2RegGiven ? l2Reg : defaults.l2Reg,
    l2RegGiven,
    data: dataInForce(definition, data, syntheticSize),
    engine: { name: engine.engine, device: engine.device },
    protocol: option('protocol', request.protocol),
    trainLogInterval: option('trainLogInterval', request.trainLogInterval),
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

function option<K extends keyof typeof optionSchemas>(name: K, value: unknown): z.output<(typeof optionSchemas)[K]> {
  const parsed = optionSchemas[name].safeParse(value);
  if (parsed.success) return parsed.data as z.output<(typeof optionSchemas)[K]>;
  const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  const whole = describedOptions.find((described) => described.name === name)?.type === 'integer';
  throw new ConfigurationError(`${flag}: found ${display(value)}, expected ${expectation(parsed.error, whole)}`);
}

/** The hyperparameters with defaults; texts are read as the declared type. */
function resolveHyperparameters(
  optimizer: OptimizerDefinition,
  given: Readonly<Record<string, unknown>>,
): Record<string, HyperparameterValue> {
  const declared = describeHyperparameters(optimizer);
  const names = declared.map(({ name }) => name);
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given)) {
    const found = declared.find(({ name }) => name === key);
    if (found === undefined) {
      throw new ConfigurationError(
        names.length === 0
          ? `--${key}: ${optimizer.name} has no hyperparameters`
          : `hyperparameter of ${optimizer.name}: ${expectedOneOf(key, names)}`,
      );
    }
    values[key] = typeof value === 'string' ? readAs(found.type, value) : value;
  }
  for (const { name, required, option: flag, description } of declared) {
    if (required && values[name] === undefined) {
      throw new ConfigurationError(`${flag}: missing; ${optimizer.name} needs it (${description})`);
    }
  }
  const parsed = optimizer.hyperparameters.safeParse(values);
  if (!parsed.success) {
    const key = String(parsed.error.issues[0]?.path[0] ?? '');
    const described = declared.find(({ name }) => name === key);
    const expected = expectation(parsed.error, described?.type === 'integer');
    throw new ConfigurationError(
      `${described?.option ?? `--${key}`}: found ${display(given[key])}, expected ${expected}`,
    );
  }
  const resolved = parsed.data as Record<string, HyperparameterValue | undefined>;
  for (const { name, option: flag } of declared) {
    const fault = scalarFault(resolved[name] ?? null);
    if (fault !== null) {
      throw new ConfigurationError(`${flag}: becomes ${fault}, expected a number, a boolean, a text or null`);
    }
  }
  return Object.fromEntries(names.map((name) => [name, resolved[name] ?? null]));
}

function readAs(type: 'number' | 'integer' | 'boolean' | 'string', text: string): unknown {
  if (type === 'string') return text;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  const value = decimalNumber(text);
  return Number.isFinite(value) ? value : text;
}

function display(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : String(value);
}

/** What zod wanted, in words; `whole` says whether it is a whole number. */
function expectation(error: z.ZodError, whole: boolean): string {
  const [issue] = error.issues;
  const number = whole ? 'a whole number' : 'a number';
  switch (issue?.code) {
    case 'invalid_type':
      return issue.expected === 'number' || issue.expected === 'int' ? number : `a ${issue.expected}`;
    case 'invalid_value':
      return `one of ${issue.values.join(', ')}`;
    case 'too_small':
      return `${number} ${issue.inclusive ? '≥' : '>'} ${issue.minimum}`;
    case 'too_big':
      return `${number} ${issue.inclusive ? '≤' : '<'} ${issue.maximum}`;
    default:
      return issue?.message ?? 'another value';
  }
}

/** The batch must fit the training images; known without the data for real and synthetic ones alike. */
function checkBatchSize({ batchSize, data }: RunConfiguration, definition: DatasetDefinition): void {
  const { name } = definition;
  const examples = sizesInForce(definition, data.syntheticSize).train;
  if (batchSize > examples) {
    throw new ConfigurationError(
      `--batch-size: found ${batchSize}, expected at most ${examples}, the training examples of ${name}`,
    );
  }
}
