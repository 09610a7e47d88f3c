import { Command, Help, type Option } from 'commander';
import { didYouMean } from '../names.js';
import { UsageError } from './failure.js';
import { quoted } from './option-values.js';

/** Below this many columns an option's text stands under it, not beside it. */
const SIDE_BY_SIDE = 60;
/** Likewise where the terms leave fewer columns than this. */
const LEAST_TEXT = 30;
/** Text is wrapped in columns as narrow as this. */
const NARROWEST = 20;

/** A command of this program: its help fits the terminal, and what it says of a wrong option names the command to ask. */
export class HouseCommand extends Command {
  override createCommand(name?: string): HouseCommand {
    return new HouseCommand(name);
  }

  override createHelp(): Help {
    return Object.assign(new FittingHelp(), this.configureHelp());
  }

  /** Called by commander, whose own words for it are "required option '--to <dir>' not specified". */
  missingMandatoryOptionValue(option: Option): never {
    this.error(`error: missing required option '${option.flags}'`, { code: 'commander.missingMandatoryOptionValue' });
  }

  override error(message: string, options?: Parameters<Command['error']>[1]): never {
    return super.error(`${message}; ${pathOf(this)} --help lists the options`, options);
  }
}

class FittingHelp extends Help {
  override minWidthToWrap = NARROWEST;

  override commandUsage(command: Command): string {
    return this.boxWrap(super.commandUsage(command), (this.helpWidth ?? SIDE_BY_SIDE) - 7).replaceAll(
      '\n',
      '\n       ',
    );
  }

  /** A line ends where a sentence does; a break within one is of the source code alone. */
  override commandDescription(command: Command): string {
    return super.commandDescription(command).replace(/(?<![.:])\n/g, ' ');
  }

  override optionDescription(option: Option): string {
    return withDefault(option);
  }

  override formatItem(term: string, termWidth: number, description: string, helper: Help): string {
    const width = helper.helpWidth ?? SIDE_BY_SIDE;
    if (width >= SIDE_BY_SIDE && width - termWidth >= LEAST_TEXT)
      return super.formatItem(term, termWidth, description, helper);
    if (description === '') return `  ${term}`;
    return `  ${term}\n${indented(helper.boxWrap(description, width - 6), 6)}`;
  }
}

/** The text of an option, its default in brackets behind it where there is one to know: `folder for run files (results)`. */
export function withDefault({ description, defaultValue, defaultValueDescription }: Option): string {
  const known = [defaultValue ?? []].flat().filter((value) => typeof value !== 'boolean');
  const shown = defaultValueDescription ?? known.join(',');
  return shown === '' ? description : `${description} (${shown})`;
}

/** Terms with their texts beside or under them, as in the help of a command. */
export function termList(rows: readonly (readonly [term: string, text: string])[], width: number): string[] {
  const help = new FittingHelp();
  help.helpWidth = width;
  const termWidth = Math.max(0, ...rows.map(([term]) => term.length));
  return rows.map(([term, text]) => help.formatItem(term, termWidth, text, help));
}

/** Text in lines of at most `width` columns. */
export function wrapped(text: string, width: number): string {
  const help = new Help();
  help.minWidthToWrap = NARROWEST;
  return help.boxWrap(text, width);
}

function indented(text: string, columns: number): string {
  return text.replace(/^/gm, ' '.repeat(columns));
}

/** `probprec sweep plan`: how a command is called. */
export function pathOf(command: Command): string {
  const names: string[] = [];
  for (let current: Command | null = command; current !== null; current = current.parent) names.unshift(current.name());
  return names.join(' ');
}

/** The error for a name that is no command of `parent`, or for none at all. */
export function unknownCommand(parent: Command, typed: string | undefined = parent.args[0]): UsageError {
  const names = parent.commands.map((command) => command.name());
  const what = typed === undefined ? 'missing command' : `unknown command ${quoted(typed)}`;
  const hint = typed === undefined ? '' : didYouMean(typed, names);
  return new UsageError({
    ...(parent.parent === null ? {} : { subject: pathOf(parent).replace(/^\S+ /, '') }),
    what,
    remedy: `expected one of ${names.join(', ')}${hint}; ${pathOf(parent)} --help explains them`,
  });
}

/** The error for a test problem or optimizer that is not stated; `further` says what else would do. */
export function missingName(option: string, list: 'testproblems' | 'optimizers', further = ''): UsageError {
  return new UsageError({
    subject: option,
    what: 'missing',
    expected: `a name of probprec list ${list} or a file of your own, such as ./mine.js${further}`,
  });
}
