import { readFileSync } from 'node:fs';
import { lineOfProperty } from './source-syntax.js';
import { isTypeScript, stripTypes } from './strip-types.js';
import type { PropertyFinder } from './user-code.js';

/** The first of a user's modules that has a property or method of this name, and its line; null where none has, or none can be read. */
export const findProperty: PropertyFinder = (modules, name) => {
  for (const path of modules) {
    try {
      const text = readFileSync(path, 'utf8');
      const line = lineOfProperty(isTypeScript(path) ? stripTypes(text, path) : text, name);
      if (line !== null) return { path, line };
    } catch {
      // It says where something stands in an error line; without it the line is shorter.
    }
  }
  return null;
};
