import { createHash, randomBytes } from 'node:crypto';
import { ownIdentity, runsHere } from './process-identity.js';

/** A temporary file that nobody can be asked about (another host, an earlier version) is given up after an hour. */
const GIVEN_UP_MS = 60 * 60_000;

/**
 * A name that no other file has and that says whose it is: process, its start, a hash of its host and process namespace. So
 * a later process can tell what a killed one has left. `name` is what comes before, `ending` what comes behind.
 */
export function temporaryName(name: string, ending: '.tmp' | '.part'): string {
  const { pid, started } = ownIdentity();
  return `${name}.${pid}-${started ?? 0}-${systemHash()}-${randomBytes(4).toString('hex')}${ending}`;
}

/** Whether the process that made a temporary file of {@link temporaryName} and last wrote it then is gone. */
export function isAbandoned(name: string, modifiedMs: number): boolean {
  const [, pid, started, system] = /\.(\d{1,10})-(\d{1,20})-([0-9a-f]{8})-[0-9a-f]{8}\.(?:tmp|part)$/.exec(name) ?? [];
  if (system !== systemHash()) return Date.now() - modifiedMs > GIVEN_UP_MS;
  return !runsHere({ pid: Number(pid), started: started === '0' ? null : (started ?? null) });
}

function systemHash(): string {
  const { host, system } = ownIdentity();
  return createHash('sha256').update(`${host} ${system}`).digest('hex').slice(0, 8);
}
