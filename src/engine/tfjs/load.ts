import { availableParallelism } from 'node:os';
import { EngineError } from '../../errors.js';
import type { Fault } from '../../words.js';
import { type ImportModule, importPackage, isNotFound } from './import-package.js';
import type { Tfjs } from './library.js';
import { type TfjsVariant, type VariantDefinition, variants } from './variant.js';

/** How a variant is loaded; the last two are for tests. */
export interface LoadOptions {
  /** Threads of one operation; default: TF_NUM_INTRAOP_THREADS, else all cores that the process may use. */
  readonly threads?: number;
  readonly importModule?: ImportModule;
  readonly nodeVersion?: string;
}

/** A variant whose backend is ready. */
export interface LoadedVariant {
  readonly library: Tfjs;
  readonly version: string;
  readonly threads: number;
}

/** Why a variant cannot be used. */
export class VariantError extends EngineError {
  readonly installed: boolean;
  readonly version: string | null;

  constructor(
    variant: TfjsVariant,
    fault: Omit<Fault, 'subject'>,
    version: string | null,
    options?: { readonly cause?: unknown },
  ) {
    super({ subject: `the ${variant} engine`, ...fault }, options);
    this.installed = version !== null;
    this.version = version;
  }
}

/** libtensorflow can be loaded once and in one build; it reads its number of threads then. */
let loadedNative: { readonly variant: TfjsVariant; readonly threads: number } | null = null;

/** Checks what is installed, loads it and makes its backend ready. Throws VariantError of one line. */
export async function loadVariant(variant: TfjsVariant, options: LoadOptions = {}): Promise<LoadedVariant> {
  const { importModule = importPackage, nodeVersion = process.versions.node } = options;
  const definition = variants[variant];
  const version = await installedVersion(variant, definition, importModule, nodeVersion);
  if (definition.native) checkNative(variant, version, nodeVersion);
  const threads = definition.native ? prepareNative(variant, options.threads) : 1;
  const library = await importLibrary(variant, definition, version, importModule);
  if (definition.native) loadedNative = { variant, threads };
  library.enableProdMode();
  const ready = await library.setBackend(definition.backend);
  if (!ready) throw new VariantError(variant, { what: 'TensorFlow.js cannot start its backend' }, version);
  await library.ready();
  return { library, version, threads };
}

async function installedVersion(
  variant: TfjsVariant,
  { packages, needs }: VariantDefinition,
  importModule: ImportModule,
  nodeVersion: string,
): Promise<string> {
  const missing: string[] = [];
  let version = '';
  for (const name of packages.toReversed()) {
    try {
      version = versionOf(await importModule(`${name}/package.json`));
    } catch (error) {
      if (isNotFound(error)) missing.push(name);
      // What is no JSON has no version: the check below says so.
      else if (error instanceof SyntaxError) version = '';
      else throw error;
    }
  }
  if (missing.length > 0) {
    const names = missing.toReversed();
    const hint = needs === null ? '' : ` (needs ${needs}${runsOn(nodeVersion) ? '' : `; this is Node ${nodeVersion}`})`;
    const what = `${names.join(' and ')} ${names.length > 1 ? 'are' : 'is'} not installed`;
    throw new VariantError(variant, { what, remedy: `npm install ${names.join(' ')}${hint}` }, null);
  }
  if (!/^4\.(2[2-9]|[3-9]\d)\./.test(version)) {
    const fitting = packages.map((name) => `${name}@4.22`).join(' ');
    const found = `${packages[0]} ${version || 'without a version'}`;
    const fault = { found, expected: '4.22 or a later 4', remedy: `npm install ${fitting}` };
    throw new VariantError(variant, fault, version);
  }
  return version;
}

function versionOf(manifest: unknown): string {
  const found = unwrapped(manifest, 'version').version;
  return typeof found === 'string' ? found : '';
}

/** The native addon uses functions that Node 23 removed (TensorFlow.js #8609). */
function runsOn(nodeVersion: string): boolean {
  return Number.parseInt(nodeVersion, 10) < 23;
}

function checkNative(variant: TfjsVariant, version: string, nodeVersion: string): void {
  if (!runsOn(nodeVersion)) {
    const what = `tfjs-node fails on Node 23 and later, this is Node ${nodeVersion}`;
    throw new VariantError(variant, { what, remedy: 'use Node 20 or 22, or another engine' }, version);
  }
  if (loadedNative !== null && loadedNative.variant !== variant) {
    const what = `${loadedNative.variant} is already loaded in this process, and libtensorflow can be loaded only once`;
    throw new VariantError(variant, { what, remedy: 'use each in its own process' }, version);
  }
}

/** Sets what libtensorflow and CUDA read from the environment when they are loaded; returns the number of threads. */
function prepareNative(variant: TfjsVariant, wanted: number | undefined): number {
  if (loadedNative !== null) return loadedNative.threads;
  const { env } = process;
  const threads = wanted ?? (Number(env.TF_NUM_INTRAOP_THREADS) || availableParallelism());
  env.TF_NUM_INTRAOP_THREADS = String(threads);
  // Operations come one after the other.
  env.TF_NUM_INTEROP_THREADS ??= '1';
  // Warnings stay (a CUDA library that is missing), the announcements of what was found go.
  env.TF_CPP_MIN_LOG_LEVEL ??= '1';
  if (variant === 'tfjs-node-gpu') {
    // TensorFlow takes all memory of a GPU otherwise, so that a sweep could not share it.
    env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
    // TensorFloat-32 has 10 bits of mantissa: too few for second derivatives, and other numbers than the other engines'.
    env.NVIDIA_TF32_OVERRIDE ??= '0';
  }
  return threads;
}

async function importLibrary(
  variant: TfjsVariant,
  { packages, needs }: VariantDefinition,
  version: string,
  importModule: ImportModule,
): Promise<Tfjs> {
  try {
    const modules = [];
    for (const name of packages) modules.push(await importModule(name));
    const library = unwrapped(modules[0], 'engine');
    if (!isTfjs(library)) throw new TypeError('the module has not the functions of TensorFlow.js');
    return library;
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? cause.name) : String(cause);
    const [fault, remedy] = /native addon module/.test(reason)
      ? ['its native addon is missing', `npm rebuild ${packages[0]} (needs ${needs})`]
      : [`it does not load: ${reason}`, `npm rebuild ${packages.join(' ')}`];
    const what = `${packages[0]} ${version} is installed, but ${fault}`;
    throw new VariantError(variant, { what, remedy }, version, { cause });
  }
}

/** A CommonJS module, however it was imported. */
function unwrapped(module: unknown, member: string): Readonly<Record<string, unknown>> {
  if (typeof module !== 'object' || module === null) return {};
  const record = module as Readonly<Record<string, unknown>>;
  return member in record || !('default' in record) ? record : unwrapped(record.default, member);
}

function isTfjs(module: object): module is Tfjs {
  const functions = ['engine', 'backend', 'getBackend', 'setBackend', 'ready', 'enableProdMode', 'memory'];
  return functions.every((name) => typeof (module as Readonly<Record<string, unknown>>)[name] === 'function');
}
