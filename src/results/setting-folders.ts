import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { groupBy } from '../group-by.js';
import type { RunConfiguration } from './configuration.js';
import { portableName, settingInFull, settingPath } from './paths.js';
import { float2str } from './python-format.js';
import { scheduleInForce } from './schedule.js';

/** The folders of one optimizer's settings, listed once for many configurations. */
export type ListFolders = (optimizerFolder: string) => Promise<readonly string[]>;

/** Lists a folder; one that is not there has nothing. */
export const listFolders: ListFolders = async (folder) => {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
};

/**
 * The existing folders that can hold runs of a configuration: its own, and those whose names state the same values in other
 * words (the problem's own L2 factor, a schedule that changes nothing, hyperparameters that are None or were not there yet,
 * longer names, characters that are dashes now), as versions before 0.2 named them. What is in a
 * folder still has to be compared by hash.
 */
export async function settingFolders(
  outputDir: string,
  configuration: RunConfiguration,
  list: ListFolders = listFolders,
): Promise<string[]> {
  const own = settingPath(outputDir, configuration);
  const parent = dirname(own);
  const { name: inFull, cut } = settingInFull(configuration);
  const listed = await list(parent);
  const names = byNormalName(listed, configuration).get(normalName(inFull, configuration)) ?? [];
  const others = new Set([...names, ...(listed.includes(cut) ? [cut] : [])]);
  others.delete(basename(own));
  return [own, ...[...others].map((name) => join(parent, name))];
}

type NamesByNormalName = ReadonlyMap<string, readonly string[]>;

const indexes = new WeakMap<readonly string[], Map<string, NamesByNormalName>>();

/** The names of a listing by what they state; made once for each listing, since a plan asks thousands of times. */
function byNormalName(names: readonly string[], configuration: RunConfiguration): NamesByNormalName {
  const known = indexes.get(names) ?? new Map<string, NamesByNormalName>();
  indexes.set(names, known);
  const key = JSON.stringify([configuration.l2Reg, configuration.numEpochs]);
  const index = known.get(key) ?? groupBy([...names].sort(), (name) => normalName(name, configuration));
  known.set(key, index);
  return index;
}

/** A folder's name without what states nothing: equal for folders that state the same values. */
function normalName(name: string, { l2Reg, numEpochs }: RunConfiguration): string {
  const parts = portableName(name).split('__');
  const pairs = new Map<string, string>();
  for (let index = 0; index < parts.length; index += 2) pairs.set(parts[index] ?? '', parts[index + 1] ?? '');
  if (pairs.get('l2_reg') === float2str(l2Reg ?? 0)) pairs.delete('l2_reg');
  for (const [key, value] of pairs) if (value === 'None') pairs.delete(key);
  const epochs = numbersIn(pairs.get('lr_sched_epochs'));
  const factors = numbersIn(pairs.get('lr_sched_factors'));
  if (epochs !== null && factors !== null) {
    pairs.delete('lr_sched_epochs');
    pairs.delete('lr_sched_factors');
    const changes = scheduleInForce({ epochs, factors }, numEpochs);
    if (changes.length > 0) pairs.set('lr_sched', JSON.stringify(changes));
  }
  return JSON.stringify([...pairs]);
}

/** The numbers of `[1, 0.5]`; null for anything else. */
function numbersIn(list: string | undefined): number[] | null {
  if (list === undefined || !/^\[[^\]]*\]$/.test(list)) return null;
  const texts = list.slice(1, -1).split(',');
  const numbers = list === '[]' ? [] : texts.map(Number);
  return numbers.every(Number.isFinite) ? numbers : null;
}
