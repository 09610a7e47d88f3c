import type { Command } from 'commander';
import { flagOf, type Group, type RunOption } from '../run-options/option.js';
import { keysOfGroup, type RunOptionKey, runOption } from '../run-options/table.js';
import { commaSeparated, nonNegativeNumber, oneOf, wholeNumber } from './option-values.js';

/** What every command offers that trains or measures: on which data, and what computes it. */
export const TRAINING_GROUPS = ['version', 'dataset', 'data folder', 'data', 'engine', 'threads'] as const;

type Parse = (text: string, before: never) => unknown;

/** What a command that trains or plans offers of the options of `run`, group by group. */
export function addRunOptions(
  command: Command,
  groups: readonly Group[],
  parsers: Readonly<Partial<Record<RunOptionKey, Parse>>> = {},
): void {
  for (const key of groups.flatMap(keysOfGroup)) {
    const option = runOption(key);
    if (option.takes.kind === 'switch') addSwitch(command, flagOf(key), option);
    else addValued(command, key, option, parsers[key]);
  }
}

function addSwitch(command: Command, flag: string, { help, without }: RunOption): void {
  if (help !== '' && without !== undefined) command.option(flag, help, true);
  else if (help !== '') command.option(flag, help);
  if (without !== undefined) command.option(flag.replace(/^--/, '--no-'), without);
}

function addValued(command: Command, key: RunOptionKey, option: RunOption, own: Parse | undefined): void {
  const flag = flagOf(key);
  const flags = `${flag} ${option.placeholder}`;
  const parse = own ?? parserOf(flag, option);
  // A default of the command itself is one that it always has; the others are decided when the run is resolved.
  const fallback = option.part === 'conduct' ? option.default : undefined;
  const text = fallback === undefined ? withDefault(option) : option.help;
  if (parse === undefined) command.option(flags, text, fallback as string | undefined);
  else command.option(flags, text, parse as (text: string) => unknown, fallback);
}

/** `batch size (the test problem's)` */
function withDefault({
  help,
  default: value,
  otherwise = value === undefined ? '' : String(value),
}: RunOption): string {
  return otherwise === '' ? help : `${help} (${otherwise})`;
}

function parserOf(flag: string, { takes }: RunOption): ((text: string) => unknown) | undefined {
  switch (takes.kind) {
    case 'whole':
      return wholeNumber(flag, takes.least);
    case 'number':
      return nonNegativeNumber(flag);
    case 'word':
      return oneOf(flag, takes.words);
    case 'list':
      return commaSeparated(takes.of === 'whole' ? wholeNumber(flag, 0) : nonNegativeNumber(flag));
    case 'text':
    case 'switch':
      return undefined;
  }
}
