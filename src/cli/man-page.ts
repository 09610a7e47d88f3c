import type { Command } from 'commander';
import { suiteVersion } from '../results/version.js';
import { withDefault } from './house-command.js';

/** A page for man(1), section 1. */
export interface ManPage {
  /** `probprec-sweep-plan`: the command with dashes, as git names its pages. */
  readonly name: string;
  readonly text: string;
}

const EXIT_CODES = [
  ['0', 'success'],
  ['1', 'something failed'],
  ['2', 'wrong usage, configuration, data or file; nothing was trained'],
  ['128 + n', 'interrupted by signal n'],
] as const;

/** A page for each command, made of the declarations of the command line. */
export function manPages(program: Command): ManPage[] {
  return [page(program, []), ...commandsBelow(program, [])];
}

function commandsBelow(command: Command, path: readonly string[]): ManPage[] {
  return command.commands.flatMap((child) => {
    const own = [...path, child.name()];
    return [page(child, own), ...commandsBelow(child, own)];
  });
}

function page(command: Command, path: readonly string[]): ManPage {
  const words = ['probprec', ...path];
  const name = words.join('-');
  const summary = (command.summary() || command.description().split('\n')[0] || '').replace(/\.$/, '');
  const options = command.options.filter((option) => !option.hidden);
  const hasHelp = options.some(({ long }) => long === '--help');
  const synopsis = `${words.join(' ')} ${command.usage()}`;
  const lines = [
    `.TH ${name.toUpperCase().replaceAll('-', '\\-')} 1 "" "probprec ${suiteVersion()}" "User Commands"`,
    ...section('NAME', [text(`${name} - ${summary}`)]),
    ...section('SYNOPSIS', [text(synopsis)]),
    ...section('DESCRIPTION', paragraphs(command.description())),
    ...section(
      'ARGUMENTS',
      command.registeredArguments
        .filter(({ description }) => description !== '')
        .flatMap((argument) => term(argument.name(), argument.description)),
    ),
    ...section(
      'COMMANDS',
      command.commands.flatMap((child) => term(child.name(), child.summary() || child.description())),
    ),
    ...section('OPTIONS', [
      ...options.flatMap((option) => term(option.flags, withDefault(option))),
      ...(hasHelp ? [] : term('-h, --help', 'show this help')),
    ]),
    ...(path.length > 0
      ? []
      : section(
          'EXIT STATUS',
          EXIT_CODES.flatMap(([code, meaning]) => term(code, meaning)),
        )),
    ...section('SEE ALSO', [seeAlso(command, path)]),
  ];
  return { name, text: `${lines.filter((line) => line !== '').join('\n')}\n` };
}

function seeAlso(command: Command, path: readonly string[]): string {
  const above = path.length === 0 ? [] : [['probprec', ...path.slice(0, -1)].join('-')];
  const below = command.commands.map((child) => ['probprec', ...path, child.name()].join('-'));
  return [...above, ...below].map((name) => `\\fB${escaped(name)}\\fR(1)`).join(', ');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 || lines.every((line) => line === '') ? [] : [`.SH ${title}`, ...lines];
}

function paragraphs(description: string): string[] {
  return description.split('\n').map(text);
}

function term(name: string, description: string): string[] {
  return ['.TP', `\\fB${escaped(name)}\\fR`, text(description)];
}

/** A line of text: what roff would take for a request begins with a character of no width. */
function text(line: string): string {
  return escaped(line.replaceAll('\n', ' ')).replace(/^(?=[.'])/, '\\&');
}

/** Backslashes and dashes as they are written on a command line. */
function escaped(line: string): string {
  return line.replaceAll('\\', '\\e').replaceAll('-', '\\-');
}
