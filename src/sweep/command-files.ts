import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Plan } from './plan.js';
import type { PlannedRun } from './planned-runs.js';
import { runArguments } from './run-arguments.js';
import { shellWord } from './shell.js';
import { readSpace } from './spaces.js';

/** A file of commands, one line each. */
export interface CommandFile {
  readonly name: string;
  readonly runs: readonly PlannedRun[];
}

/**
 * One file for each optimizer and test problem, named as DeepOBS's tuner names them,
 * `jobs_<class name>_<grid_search|random_search>_<test problem>.txt`; a single setting is no search but a `rerun`.
 */
export function commandFiles(plan: Plan, runs: readonly PlannedRun[]): CommandFile[] {
  const sampled = sampledOptimizers(plan);
  const groups = new Map<string, PlannedRun[]>();
  for (const run of runs) {
    const { testproblem, optimizer } = run.configuration;
    const key = JSON.stringify([testproblem, optimizer.className]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [run]);
    else group.push(run);
  }
  return [...groups.values()].map((members) => {
    const [first] = members;
    const { testproblem = '', optimizer } = first?.configuration ?? {};
    const settings = new Set(members.map(({ request }) => JSON.stringify({ ...request, seed: null })));
    const random = members.some(({ request }) => sampled.has(request.optimizer));
    const kind = settings.size === 1 ? 'rerun' : random ? 'random_search' : 'grid_search';
    return { name: `jobs_${optimizer?.className}_${kind}_${testproblem}.txt`, runs: members };
  });
}

/** Names of the optimizers whose settings are drawn rather than enumerated. */
function sampledOptimizers({ optimizers, settings }: Plan): Set<string> {
  const isSampled = (stated: unknown) => typeof stated === 'string' && readSpace(stated).kind === 'sampled';
  const sampled = optimizers.filter((entry) =>
    entry.settings.some((own) => Object.values({ ...settings, ...own }).some(isSampled)),
  );
  return new Set(sampled.map(({ name }) => name));
}

/**
 * One self-contained command per run, for a POSIX shell in any folder. `program` is what starts our command, for
 * instance the words of `node main.js`, quoted already.
 */
export function commandLines(plan: Plan, runs: readonly PlannedRun[], program: string): string[] {
  return runs.map((run) => {
    const words = runArguments(plan, run, { absolute: true }).map(shellWord);
    return `${program} ${words.join(' ')} --quiet`;
  });
}

/**
 * The commands as a file that GNU parallel runs when the file itself is started. GNU parallel takes every line of a file
 * for a job, comments too, and skips only the first line of a file that it was started by; so the call stands there.
 * `--resume-failed` goes by line numbers, so the joblog's name has the hash of the lines: changed lines begin a new one,
 * and what is finished does nothing when it is started again.
 */
export function parallelFile(file: string, lines: readonly string[], jobs: number): string {
  const name = basename(file)
    .replace(/\.txt$/, '')
    .replaceAll(/[^A-Za-z0-9._-]/g, '-');
  const hash = createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 8);
  const call = `#!/usr/bin/env -S parallel --shebang --jobs ${jobs} --joblog ${name}-${hash}.joblog --resume-failed`;
  return `${[call, ...lines].join('\n')}\n`;
}
