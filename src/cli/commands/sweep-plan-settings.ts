import { ConfigurationError } from '../../errors.js';
import { didYouMean } from '../../names.js';
import { describeHyperparameters, type HyperparameterDescription, loadOptimizer } from '../../optimizer/index.js';
import { SCHEDULE_KEYS } from '../../schedule/index.js';
import { readSpace, readValue, statedValue } from '../../sweep/index.js';
import { asFlag } from '../../words.js';
import { UsageError } from '../failure.js';
import { parseHyperparameters } from '../hyperparameters.js';
import { quoted } from '../option-values.js';
import type { SweepPlanOptions } from '../sweep-options.js';

/** Hyperparameters by the optimizer they are stated for; '' holds those for all that have them. */
export type Searched = Map<string, Record<string, PlanValue>>;
type PlanValue = string | number | boolean | (string | number | boolean)[];

/**
 * The hyperparameters that --grid, --random and options of the optimizers' own state. `args` are the arguments that are no
 * options of the command. Throws UsageError.
 */
export async function readSettings(
  { grid = [], random = [], samples }: SweepPlanOptions,
  optimizers: readonly string[],
  args: readonly string[],
  ownOptions: readonly string[],
): Promise<Searched> {
  const declared = new Map<string, HyperparameterDescription[]>();
  for (const name of optimizers) declared.set(name, describeHyperparameters(await loadOptimizer(name)));
  const all = [...declared.values()].flat();
  const searched: Searched = new Map(['', ...optimizers].map((name) => [name, {}]));
  const state = (option: string, owner: string, name: string, value: PlanValue) => {
    const own = (owner === '' ? all : (declared.get(owner) ?? [])).map((entry) => entry.name);
    const known: string[] = [...own, ...SCHEDULE_KEYS];
    if (!known.includes(name)) {
      const whose = owner === '' ? 'of these optimizers' : `of ${owner}`;
      throw new UsageError({
        subject: option,
        found: `the hyperparameter ${quoted(name)}`,
        expected: `one ${whose}: ${[...new Set(known)].join(', ') || 'it has none'}${didYouMean(name, known)}`,
      });
    }
    const values = searched.get(owner) ?? {};
    if (name in values)
      throw new UsageError({ subject: option, found: `${name} twice`, expected: 'each hyperparameter once' });
    values[name] = value;
  };
  for (const [option, kind, texts] of [
    ['--grid', 'grid', grid],
    ['--random', 'sampled', random],
  ] as const) {
    for (const text of texts) {
      const equals = text.indexOf('=');
      if (equals < 1)
        throw new UsageError({
          subject: option,
          found: quoted(text),
          expected: 'NAME=VALUES, for instance lr=0.1,0.2',
        });
      const [owner, name] = splitOwner(text.slice(0, equals), optimizers);
      const stated = text.slice(equals + 1);
      if (spaceKind(option, name, stated) !== kind) {
        const other = kind === 'grid' ? '--random' : '--grid';
        throw new UsageError({ subject: option, found: quoted(text), expected: `that with ${other}` });
      }
      state(option, owner, name, asStated(stated));
    }
  }
  const fixed = parseHyperparameters(args, distinct(all), optimizers.join(', '), ownOptions);
  for (const [name, value] of Object.entries(fixed)) {
    const isText = all.some((entry) => entry.name === name && entry.type === 'string');
    const stated = typeof value === 'boolean' ? value : statedValue(isText ? value : readValue(value));
    state(asFlag({ option: name }), '', name, stated);
  }
  if (random.length > 0 && samples === undefined) {
    throw new UsageError({
      subject: '--samples',
      what: 'missing',
      expected: 'the number of points to draw for --random',
    });
  }
  if (random.length === 0 && samples !== undefined) {
    throw new UsageError({
      subject: `--samples ${samples}`,
      found: 'no --random',
      expected: 'a hyperparameter to draw',
    });
  }
  return searched;
}

function spaceKind(option: string, name: string, stated: string): 'grid' | 'sampled' {
  try {
    return readSpace(stated).kind;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new UsageError({ subject: `${option}: ${name}`, what: error.message });
  }
}

/** Values with commas are a list in a plan; what stands for many values stays as it is. */
function asStated(stated: string): PlanValue {
  const space = readSpace(stated);
  if (space.kind === 'sampled' || stated === 'deepobs' || /^[a-z]+:/.test(stated)) return stated;
  const [first, ...others] = space.values;
  return first === undefined || others.length > 0 ? [...space.values] : statedValue(first);
}

/** `momentum.lr` is momentum's own lr, when momentum is one of the optimizers. */
function splitOwner(text: string, optimizers: readonly string[]): [owner: string, name: string] {
  const owner = optimizers.find((name) => text.startsWith(`${name}.`));
  return owner === undefined ? ['', text] : [owner, text.slice(owner.length + 1)];
}

function distinct(declared: readonly HyperparameterDescription[]): HyperparameterDescription[] {
  return [...new Map(declared.map((entry) => [entry.name, entry])).values()];
}
