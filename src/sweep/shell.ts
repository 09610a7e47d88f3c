import { ConfigurationError } from '../errors.js';

/**
 * A text as one word of a POSIX shell. Throws ConfigurationError for control characters: a line break would make two
 * commands of one.
 */
export function shellWord(text: string): string {
  if (/\p{Cc}/u.test(text)) {
    throw new ConfigurationError({
      found: JSON.stringify(text),
      expected: 'a value without control characters in a command',
    });
  }
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
