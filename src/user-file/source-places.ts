import { readFileSync } from 'node:fs';
import { lineOfImport, lineOfProperty, lineOfSyntaxError } from './source-syntax.js';
import { isTypeScript, stripTypes } from './strip-types.js';

/** A line of one of a user's modules. */
export interface SourcePlace {
  readonly path: string;
  readonly line: number;
}

/** The first of a user's modules that has a property or method of this name, and its line; null where none has, or none can be read. */
export function placeOfProperty(modules: readonly string[], name: string): SourcePlace | null {
  return firstPlace(modules, (text) => lineOfProperty(text, name));
}

/** Where a module does not parse, or imports what is not there: Node says what is wrong, and not always where. */
export function placeOfSyntaxError(modules: readonly string[], { message }: SyntaxError): SourcePlace | null {
  const missing = /export named '(.+)'/.exec(message)?.[1];
  return firstPlace(modules, (text) => (missing === undefined ? lineOfSyntaxError(text) : lineOfImport(text, missing)));
}

/** In a file that cannot be read nothing is found: a place makes an error line better, and is never the error. */
function firstPlace(modules: readonly string[], find: (text: string) => number | null): SourcePlace | null {
  for (const path of modules) {
    try {
      const text = readFileSync(path, 'utf8');
      const line = find(isTypeScript(path) ? stripTypes(text, path) : text);
      if (line !== null) return { path, line };
    } catch {}
  }
  return null;
}
