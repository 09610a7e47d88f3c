import { UNSHOWN } from '../shown-text.js';

/** Names that Windows reserves for devices, with or without an extension. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])(?:\.|$)/i;

/** What a name (of a test problem, an optimizer, a hyperparameter) has to be; null when it is that. */
export function nameFault(name: string): string | null {
  if (name === '') return 'a name that is not empty';
  if (name === '__proto__') return 'another name';
  if (UNSHOWN.test(name)) return 'a name without control characters';
  return null;
}

/** What a name has to be in order to be one part of a path, on every system; null when it is that. */
export function pathPartFault(name: string): string | null {
  const fault = nameFault(name);
  if (fault !== null) return fault;
  if (/[/\\]/.test(name)) return 'a name without / or \\';
  if (name === '.' || name === '..') return 'the name of a folder or file';
  if (RESERVED.test(name)) return 'a name that no system reserves for a device';
  return null;
}
