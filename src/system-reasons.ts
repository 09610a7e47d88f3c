import { constants } from 'node:os';

/** What the system's codes for files mean, in words. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'disk quota exceeded',
  EIO: 'the device reports an error (EIO)',
  EEXIST: 'a file of that name is in the way',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'a folder of that name is in the way',
  ENOENT: 'the folder does not exist',
  ENAMETOOLONG: 'the name is too long for the file system',
  ESTALE: 'the file server no longer knows the file (ESTALE)',
  EMFILE: 'too many files are open (EMFILE)',
  ENFILE: 'too many files are open on this machine (ENFILE)',
};

/** Codes of a system that could not do what was rightly asked: no wrong usage. */
const NOBODYS_FAULT = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'ENFILE', 'EMFILE', 'ESTALE']);

/** The exit code of a command that an error of the system ends, where nothing is wrong with the request; else undefined. */
export function exitCodeOf(error: unknown): 1 | undefined {
  return NOBODYS_FAULT.has(codeOf(error)) ? 1 : undefined;
}

/** A system error in words, without the path (which the caller names). */
export function reasonOf(error: unknown): string {
  const known = REASONS[codeOf(error)];
  if (known !== undefined) return known;
  const message = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  // `EXDEV: cross-device link not permitted, rename '…' -> '…'`: the caller has named the file.
  const [, words] = /^(?:E[A-Z0-9]+|Unknown system error -\d+): (.+?), [a-z]+(?: '.*)?$/.exec(message) ?? [];
  return words === undefined ? message : `${words} (${codeOf(error)})`;
}

/** {@link reasonOf} where a file was read: what is missing is the file. */
export function reasonUnread(error: unknown): string {
  return codeOf(error) === 'ENOENT' ? 'no such file' : reasonOf(error);
}

/** The system's code of an error; empty for every other error. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  const code = String(error.code);
  // Node has no names for some that file servers and quotas have: `Unknown system error -122`.
  const [, number] = /^Unknown system error -(\d+)$/.exec(code) ?? [];
  if (number === undefined) return code;
  return Object.entries(constants.errno).find(([, value]) => value === Number(number))?.[0] ?? code;
}
