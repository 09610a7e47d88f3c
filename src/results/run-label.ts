/** A word that the user gives a run, to find it again: letters, digits, `.`, `_` and `-`. */
export const TAG = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** A line that the user writes about a run: no control characters, at most 1,000 characters. */
export const NOTE = /^\P{Cc}{1,1000}$/u;

/** What the user calls a run: not part of its identity, of no effect on its numbers. */
export interface RunLabel {
  readonly tags?: readonly string[] | undefined;
  readonly note?: string | undefined;
}
