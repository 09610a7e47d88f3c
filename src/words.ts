import { quotedName, UNSHOWN } from './shown-text.js';

/**
 * An option that a sentence names. Each surface calls it in its own way: the command line by its flag, a plan by its key, the
 * library by its property.
 */
export interface Named {
  /** The key, as plans have it: `batch_size`; of a hyperparameter its name. */
  readonly option: string;
  /** What it is set to, where the sentence says that. */
  readonly value?: string;
  /** A switch that is said to be off. */
  readonly off?: true;
  /** What the library calls it, where that is not the key in camel case: `lrSchedule.epochs`, a hyperparameter's own name. */
  readonly property?: string;
  /** Called as it was typed everywhere: there is none of this name. */
  readonly verbatim?: true;
}

/** A part of a sentence: text, with options among it. */
export type Words = string | Named | readonly (string | Named)[];

/** How a surface calls an option. */
export type Naming = (named: Named) => string;

/** What is wrong, as data: put into words by whoever tells the user. Every part may be absent. */
export interface Fault {
  /** The file, and the line, of what it is about: `plan.yaml:7`. */
  readonly place?: string;
  /** Whether the place is a file whose keys the options are, so that they are called by these wherever it is told. */
  readonly keys?: boolean;
  readonly subject?: Words;
  /** What is wrong where that is not a value that was found in place of another. */
  readonly what?: Words;
  readonly found?: Words;
  readonly expected?: Words;
  readonly remedy?: Words;
}

/** An option by its key, with the value that it has. */
export function option(key: string, value?: unknown): Named {
  return value === undefined ? { option: key } : { option: key, value: shown(String(value)) };
}

/** A value as it stands in a line: in quotes where it would break the line or not be seen. */
function shown(value: string): string {
  return value === '' || UNSHOWN.test(value) ? quotedName(value) : value;
}

/** A hyperparameter, or what else has its own name in the library too. */
export function setting(name: string, value?: unknown): Named {
  return { ...option(name, value), property: name };
}

/** A switch by its key, said to be off; `property` is what the library calls it. */
export function switchedOff(key: string, property: string): Named {
  return { option: key, off: true, property };
}

/** A part of a sentence that names options: say`a smaller ${option('batch_size')} needs less`. */
export function say(texts: TemplateStringsArray, ...parts: readonly (string | number | Words)[]): Words {
  return texts.flatMap((text, index) => {
    const part = index < parts.length ? parts[index] : undefined;
    return [text, ...(part === undefined ? [] : listOf(typeof part === 'number' ? String(part) : part))];
  });
}

/** `--batch-size 32` */
export const asFlag: Naming = ({ option: key, value, off }) => {
  const flag = `--${off ? 'no-' : ''}${key.replaceAll('_', '-')}`;
  return value === undefined ? flag : `${flag} ${value}`;
};

/** `batch_size 32` */
export const asKey: Naming = ({ option: key, value, off }) => (off ? `${key}: false` : withValue(key, value));

/** `batchSize 32` */
export const asProperty: Naming = ({ option: key, value, off, property }) => {
  const name = property ?? key.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return off ? `${name}: false` : withValue(name, value);
};

function withValue(name: string, value: string | undefined): string {
  return value === undefined ? name : `${name} ${value}`;
}

/** A fault as one line. */
export function faultText(fault: Fault, naming: Naming): string {
  const { place, subject, what, found, expected, remedy } = fault;
  const say = (words: Words) => wordsText(words, fault.keys ? asKey : naming);
  const body = [
    ...(what === undefined ? [] : [say(what)]),
    ...(found === undefined ? [] : [`found ${say(found)}`]),
    ...(expected === undefined ? [] : [`expected ${say(expected)}`]),
  ].join(', ');
  const statement = [...(place === undefined ? [] : [place]), ...(subject === undefined ? [] : [say(subject)]), body]
    .filter((text) => text !== '')
    .join(': ');
  return remedy === undefined ? statement : `${statement}; ${say(remedy)}`;
}

/** A part of a sentence as a surface says it. */
export function wordsText(words: Words, naming: Naming): string {
  return listOf(words)
    .map((word) => (typeof word === 'string' ? word : word.verbatim ? word.option : naming(word)))
    .join('');
}

function listOf(words: Words): readonly (string | Named)[] {
  return typeof words === 'string' || !Array.isArray(words) ? [words as string | Named] : words;
}
