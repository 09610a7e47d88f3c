import { type Document, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { ConfigurationError } from '../errors.js';
import { nameFault } from '../results/names.js';
import { quotedName } from '../shown-text.js';

/** A plan's text as YAML: its nodes, what they mean, and the line of a place in the text. */
export interface PlanDocument {
  readonly contents: Document.Parsed['contents'];
  readonly value: unknown;
  /** `plan.yaml:7` */
  readonly at: (offset: number) => string;
}

/** Values that aliases may repeat: a plan that needs more is a mistake, or wants to fill the memory. */
const MOST_ALIASES = 100;

/** Reads YAML or JSON. Throws ConfigurationError: one line that starts with file and line. */
export function parsePlanDocument(file: string, text: string): PlanDocument {
  const lines = new LineCounter();
  const at = (offset: number) => `${file}:${lines.linePos(offset).line}`;
  try {
    // Its warnings would go to stderr as Node's own; what they are about is refused by the schema.
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
    const [fault] = document.errors;
    if (fault !== undefined) {
      if (isTooDeep(fault)) throw tooDeep(file);
      if (fault.code === 'MULTIPLE_DOCS') {
        throw new ConfigurationError({
          subject: at(fault.pos[0]),
          found: 'a second document',
          expected: 'one plan in a file',
        });
      }
      throw new ConfigurationError({
        subject: `${at(fault.pos[0])}: not valid YAML`,
        what: `${fault.message.split('\n')[0]}`,
      });
    }
    checkKeys(document, at);
    const firstAlias = checkAliases(document, at);
    return { contents: document.contents, value: plainValue(document, firstAlias ?? file), at };
  } catch (error) {
    throw isTooDeep(error) ? tooDeep(file) : error;
  }
}

/** Every key is a name that can be shown and kept: of `__proto__` nothing would be left in the value. */
function checkKeys(document: Document.Parsed, at: PlanDocument['at']): void {
  visit(document, {
    Pair(_, { key }) {
      if (!isScalar(key)) return;
      const name = String(key.value);
      const expected = nameFault(name);
      if (expected === null) return;
      throw new ConfigurationError({
        subject: at(key.range?.[0] ?? 0),
        found: `the key ${quotedName(name)}`,
        expected: expected,
      });
    },
  });
}

/** An alias must name an anchor before it, of which it is no part. Returns the place of the first one. */
function checkAliases(document: Document.Parsed, at: PlanDocument['at']): string | null {
  let first: string | null = null;
  visit(document, {
    Alias(_, alias, ancestors) {
      const place = at(alias.range?.[0] ?? 0);
      first ??= place;
      const anchor = alias.resolve(document);
      const name = JSON.stringify(alias.source);
      if (anchor === undefined) {
        throw new ConfigurationError({
          subject: place,
          found: `the alias *${alias.source}`,
          expected: `an anchor &${alias.source} before it (a value that begins with * needs quotes)`,
        });
      }
      if (ancestors.includes(anchor)) {
        throw new ConfigurationError({
          subject: place,
          what: `the alias ${name} refers to itself`,
          remedy: 'write the values out',
        });
      }
    },
  });
  return first;
}

function plainValue(document: Document.Parsed, place: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    if (isTooDeep(error)) throw error;
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new ConfigurationError(
      /alias/i.test(reason)
        ? `${place}: aliases repeat more than ${MOST_ALIASES} values; write the values out`
        : `${place}: not a plan: ${reason}`,
      { cause: error },
    );
  }
}

/** The parser walks nested collections by recursion, and keeps what happens then among its errors. */
function isTooDeep(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof Error && /call stack/.test(error.message));
}

function tooDeep(file: string): ConfigurationError {
  return new ConfigurationError({
    subject: file,
    what: 'lists or mappings are nested too deeply',
    expected: 'a plan (docs/sweeps.md)',
  });
}
