import { ConfigurationError } from '../errors.js';
import { isUserFile } from '../user-file/is-user-file.js';
import { option } from '../words.js';

/**
 * What an optimizer argument says: a registered name or a user's file, and the wrappers around it, the outermost first.
 * `ema(lookahead(adam))` is adam in lookahead and ema.
 */
export interface OptimizerExpression {
  readonly wrappers: readonly string[];
  /** A name, or a file. */
  readonly base: string;
}

/** A wrapper with its parentheses. A path never begins so: it has a `/` or ends in `.mjs`. */
const WRAPPED = /^([A-Za-z][A-Za-z0-9-]*)\s*\((.*)\)$/s;

/** Reads an optimizer argument. Throws ConfigurationError where parentheses do not match or hold nothing. */
export function parseOptimizer(text: string): OptimizerExpression {
  const wrappers: string[] = [];
  let rest = text.trim();
  for (let match = WRAPPED.exec(rest); match !== null; match = WRAPPED.exec(rest)) {
    wrappers.push(match[1] ?? '');
    rest = (match[2] ?? '').trim();
  }
  const unmatched = isFile(rest) ? wrappers.length > 0 && /\)$/.test(rest) : /[()]/.test(rest);
  if (unmatched || (wrappers.length > 0 && rest === '')) {
    throw new ConfigurationError({
      subject: option('optimizer', text),
      found: rest === '' ? 'nothing in the parentheses' : 'parentheses that do not match',
      expected: 'WRAPPER(OPTIMIZER), such as lookahead(adam)',
    });
  }
  return { wrappers, base: rest };
}

/** The user's file in an optimizer argument; null where it means a registered name. */
export function optimizerFileOf(text: string): string | null {
  const { base } = parseOptimizer(text);
  return isFile(base) ? base : null;
}

/** The same argument with another path to its file; one that names no file stays as it is. */
export function withOptimizerFile(text: string, moved: (file: string) => string): string {
  const { wrappers, base } = parseOptimizer(text);
  return isFile(base) ? writeOptimizer({ wrappers, base: moved(base) }) : text;
}

/** The argument that says this. */
export function writeOptimizer({ wrappers, base }: OptimizerExpression): string {
  return wrappers.reduceRight((inner, wrapper) => `${wrapper}(${inner})`, base);
}

function isFile(base: string): boolean {
  return isUserFile(base);
}
