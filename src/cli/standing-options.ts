import type { Command, Option } from 'commander';
import { didYouMean } from '../names.js';
import { UsageError } from './failure.js';

/**
 * Options that one always gives: where things are and what computes them, not what is measured. A flag comes before the
 * environment's PROBPREC_..., that before the file of --config or $PROBPREC_CONFIG, that before the default.
 */
const STANDING = [
  ...(['data-dir', 'output-dir', 'scratch', 'engine', 'device', 'threads', 'jobs', 'mirror', 'baselines'] as const),
];
type Standing = (typeof STANDING)[number];

/** Bytes of the longest file that is read. */
const LONGEST_CONFIG = 100_000;

const keyOf = (name: string) => name.replaceAll('-', '_');
const variableOf = (name: Standing) => `PROBPREC_${keyOf(name).toUpperCase()}`;

/** Gives a command the standing options that it has and that its command line does not state. */
export async function applyStandingOptions(command: Command, environment: NodeJS.ProcessEnv): Promise<void> {
  const file = (command.opts().config as string | undefined) ?? (environment.PROBPREC_CONFIG || undefined);
  const stated = file === undefined ? {} : await readConfig(file);
  for (const name of STANDING) {
    const option = command.options.find(({ long }) => long === `--${name}`);
    if (option === undefined || option.mandatory || command.getOptionValueSource(option.attributeName()) === 'cli')
      continue;
    const variable = environment[variableOf(name)] || undefined;
    const value = variable ?? stated[keyOf(name)];
    if (value === undefined) continue;
    const source = variable === undefined ? `${keyOf(name)} of ${file}` : `$${variableOf(name)}`;
    command.setOptionValueWithSource(option.attributeName(), parsed(option, value, source), 'config');
  }
}

function parsed(option: Option, value: string, source: string): unknown {
  if (option.parseArg === undefined) return value;
  try {
    return option.parseArg(value, undefined);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError({ ...(error.fault ?? { what: error.message }), subject: source });
  }
}

/** The keys of a YAML or JSON file, as texts. */
async function readConfig(file: string): Promise<Readonly<Record<string, string>>> {
  const [{ parseDocument }, { readRegularFile }] = await Promise.all([import('yaml'), import('../regular-file.js')]);
  const { content: bytes } = await readRegularFile(file, { most: LONGEST_CONFIG }).catch((error: Error) => {
    throw new UsageError({ subject: `--config ${file}`, what: `cannot be read (${error.message})` });
  });
  const document = parseDocument(bytes.toString('utf8'), { logLevel: 'error' });
  const [fault] = document.errors;
  if (fault !== undefined) throw new UsageError({ subject: file, what: `${fault.message.split('\n')[0]}` });
  const content: unknown = document.toJS({ maxAliasCount: 0 });
  const known = STANDING.map(keyOf);
  if (content === null) return {};
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new UsageError({
      subject: file,
      found: 'no keys',
      expected: 'lines like data_dir: /data',
      remedy: `the keys are ${known.join(', ')}`,
    });
  }
  return Object.fromEntries(
    Object.entries(content).map(([key, value]) => {
      if (!known.includes(key)) {
        throw new UsageError({
          subject: file,
          what: `unknown key ${JSON.stringify(key)}`,
          remedy: `expected some of ${known.join(', ')}${didYouMean(key, known)}; options that change what is measured belong on the command line or into a plan`,
        });
      }
      if (typeof value !== 'string' && typeof value !== 'number') {
        throw new UsageError({ subject: `${file}: ${key}`, what: 'expected a text or a number' });
      }
      return [key, String(value)];
    }),
  );
}
