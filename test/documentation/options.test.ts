import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.js';
import { describeHyperparameters, loadOptimizer, optimizerNames, wrapperNames } from '../../src/optimizer/index.js';
import { flagOf, keysOf, RUN_OPTIONS } from '../../src/run-options/index.js';
import { quietTerminal } from '../cli/quiet-terminal.js';
import { commandsOf, documents } from './commands.js';
import { isSyntax } from './executed.js';

const program = createProgram(quietTerminal());
const hyperparameters = new Set<string>();
for (const name of [...optimizerNames(), ...wrapperNames().map((wrapper) => `${wrapper}(sgd)`)]) {
  for (const { option } of describeHyperparameters(await loadOptimizer(name))) hyperparameters.add(option);
}

/** What is wrong with a documented command: a name or an option that is not there. */
function faults(line: string): string[] {
  const words = (line.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).slice(1);
  const end = words.findIndex((word) => /^[|;>&]+$/.test(word));
  const own = end < 0 ? words : words.slice(0, end);
  let command: Command = program;
  while (command.commands.length > 0 && own[0] !== undefined && /^[a-z-]+(\|[a-z-]+)*$/.test(own[0])) {
    const name = own.shift()?.split('|')[0];
    const next = command.commands.find((candidate) => candidate.name() === name);
    if (next === undefined) return [`no command ${name}`];
    command = next;
  }
  const declared = new Set(command.options.flatMap(({ long, short }) => [long, short]));
  const free = ['run', 'plan', 'curvature'].includes(command.name());
  return own
    .filter((word) => /^--?[a-z]/i.test(word))
    .map((word) => word.replace(/[=[\]].*$/, '').replace(/[.,…]+$/, ''))
    .filter((option) => !['--help', '-h'].includes(option) && !declared.has(option))
    .filter((option) => !(free && hyperparameters.has(option.replace(/^--no-/, '--'))))
    .map((option) => `no option ${option} of ${command.name()}`);
}

test('every command in README and docs names commands and options that are there', () => {
  const commands = documents().flatMap(commandsOf);
  expect(commands.length).toBeGreaterThan(60);
  const wrong = commands.flatMap(({ place, line }) => faults(line).map((fault) => `${place}: ${fault}: ${line}`));
  expect(wrong).toEqual([]);
});

/** What the command line says to a documented command: arguments, options and their values, as it reads them; nothing is executed. */
async function refusal(line: string): Promise<string | null> {
  const words = (line.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [])
    .slice(1)
    .map((word) => word.replaceAll(/["']/g, '').replaceAll(/\$\w+/g, '1'));
  const end = words.findIndex((word) => /^(?:\d?>.*|[|;&]+)$/.test(word));
  const fresh = createProgram(quietTerminal());
  const disarm = (command: Command): void => {
    command.exitOverride();
    if (command.commands.length === 0) command.action(() => {});
    for (const below of command.commands) disarm(below);
  };
  disarm(fresh);
  try {
    await fresh.parseAsync(end < 0 ? words : words.slice(0, end), { from: 'user' });
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

test('the command line takes every command of README and docs that can be typed', async () => {
  const commands = documents()
    .flatMap(commandsOf)
    .filter(({ line }) => !isSyntax(line) && !/--help|--version/.test(line));
  expect(commands.length).toBeGreaterThan(90);
  const refused: string[] = [];
  for (const { place, line } of commands) {
    const reason = await refusal(line);
    if (reason !== null) refused.push(`${place}: ${line}: ${reason}`);
  }
  expect(refused).toEqual([]);
  expect(await refusal('probprec compare results --mode bset')).toMatch(/--mode: found "bset"/);
  expect(await refusal('probprec sweep best')).toMatch(/missing required argument/);
});

test('the guides name every option of run, and of a plan those that it may state', () => {
  const guide = readFileSync('docs/cli.md', 'utf8') + readFileSync('docs/schedules.md', 'utf8');
  const unnamed = Object.keys(RUN_OPTIONS).filter(
    (key) => !guide.includes(flagOf(key)) && !guide.includes(flagOf(`no_${key}`)),
  );
  expect(unnamed).toEqual([]);
  const row = readFileSync('docs/sweeps.md', 'utf8')
    .split('\n')
    .find((line) => line.startsWith('| `options` | those of `run` |'));
  const named = [...(row?.matchAll(/`([a-z0-9_]+)`/g) ?? [])]
    .map(([, name]) => name)
    .filter((name) => name !== 'options');
  const stated = keysOf('identity', 'lr-schedule', 'schedule').filter((key) => !key.startsWith('schedule_'));
  expect(named.filter((name) => name !== 'run')).toEqual(stated);
});
