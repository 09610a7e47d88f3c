import { type Node, type Options, parse } from 'acorn';

/** One place in a module where another module is named. */
export interface Reference {
  readonly specifier: string;
  /** `static` has to be there for the module to load at all; the others may be missing. */
  readonly kind: 'static' | 'dynamic' | 'require';
  readonly line: number;
}

/** What a module says, without how it is written. */
export interface ModuleSyntax {
  /** In the order in which the text names them. */
  readonly references: readonly Reference[];
  /** Lines with an `import()` or `require()` whose module is only known when the code runs. */
  readonly computed: readonly number[];
  /** The syntax tree as plain JSON; the n-th reference stands in it as what `name(n)` returns. */
  content(name: (reference: number) => JsonTree): JsonTree;
}

/** Plain JSON. */
export type JsonTree = null | boolean | number | string | readonly JsonTree[] | { readonly [key: string]: JsonTree };

type Fields = Readonly<Record<string, unknown>>;

/** Keys of a node that say where it stands or how it is written. */
const WRITING = new Set(['start', 'end', 'loc', 'range', 'sourceFile', 'raw']);

/**
 * Parses a JavaScript module. Comments, white space, semicolons that do nothing, parentheses, and how numbers, texts and
 * keys are written are not part of what it returns; everything that can change what the code does is. Throws SyntaxError
 * for a text that is no JavaScript.
 */
export function parseModule(text: string, sourceType: 'module' | 'commonjs'): ModuleSyntax {
  const tree = parseAs(text, sourceType);
  const references: Reference[] = [];
  const computed: number[] = [];
  const numbers = new Map<unknown, number>();
  const note = (kind: Reference['kind'], source: unknown) => {
    const { value, loc } = source as Fields & { loc?: { start: { line: number } } };
    const line = loc?.start.line ?? 0;
    if (typeof value !== 'string') return computed.push(line);
    numbers.set(source, references.length);
    return references.push({ specifier: value, kind, line });
  };
  visit(tree, (node) => {
    const { type, source, callee } = node;
    if (source != null && (type === 'ImportDeclaration' || /^Export(All|Named)Declaration$/.test(String(type)))) {
      note('static', source);
    } else if (type === 'ImportExpression') {
      note('dynamic', source);
    } else if (type === 'CallExpression' && isRequire(callee)) {
      const list = node.arguments as readonly unknown[];
      if (list.length > 0) note('require', list[0]);
    }
  });
  return {
    references,
    computed,
    content: (name) =>
      plain(tree, (node) => {
        const number = numbers.get(node);
        return number === undefined ? undefined : { reference: name(number) };
      }),
  };
}

/**
 * The line of the property or method of this name that is nested least, the first of several; null where there is none. Throws
 * SyntaxError.
 */
export function lineOfProperty(text: string, name: string): number | null {
  let best: { readonly line: number; readonly depth: number } | null = null;
  const look = (value: unknown, depth: number): void => {
    if (Array.isArray(value)) for (const entry of value) look(entry, depth);
    if (!isNode(value)) return;
    const members = value.type === 'ObjectExpression' ? value.properties : value.type === 'ClassBody' ? value.body : [];
    for (const { key, loc } of members as readonly (Fields & { loc?: { start: { line: number } } })[]) {
      const { name: identifier, value: literal } = (key ?? {}) as Fields;
      if ((identifier ?? literal) !== name || loc === undefined) continue;
      if (best === null || depth < best.depth) best = { line: loc.start.line, depth };
    }
    for (const [key, child] of Object.entries(value)) if (!WRITING.has(key)) look(child, depth + 1);
  };
  look(parseAs(text, 'module'), 0);
  return (best as { line: number } | null)?.line ?? null;
}

/** The line at which a text is no JavaScript; null where it is. */
export function lineOfSyntaxError(text: string): number | null {
  try {
    parseAs(text, 'module');
    return null;
  } catch (error) {
    return (error as { loc?: { line: number } }).loc?.line ?? null;
  }
}

/** The line that imports something of this name; null where none does. Throws SyntaxError. */
export function lineOfImport(text: string, name: string): number | null {
  let line: number | null = null;
  visit(parseAs(text, 'module'), (node) => {
    const { type, imported, local, loc } = node as Fields & { loc?: { start: { line: number } } };
    const source = (type === 'ExportSpecifier' ? local : imported) as Fields | undefined;
    if (type !== 'ImportSpecifier' && type !== 'ExportSpecifier') return;
    if (line === null && (source?.name ?? source?.value) === name) line = loc?.start.line ?? null;
  });
  return line;
}

/** As Node reads it: a module, or, where that is no module, a script as CommonJS has it. */
function parseAs(text: string, sourceType: 'module' | 'commonjs'): Node {
  const options: Options = { ecmaVersion: 'latest', locations: true, allowHashBang: true };
  const script: Options = { ...options, sourceType: 'script', allowReturnOutsideFunction: true };
  if (sourceType === 'commonjs') return parse(text, script);
  try {
    return parse(text, { ...options, sourceType: 'module' });
  } catch (error) {
    try {
      return parse(text, script);
    } catch {
      throw error;
    }
  }
}

function isRequire(callee: unknown): boolean {
  const { type, name } = callee as Fields;
  return type === 'Identifier' && name === 'require';
}

function isNode(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && typeof (value as Fields).type === 'string';
}

/** Calls `see` with every node, parents first, in the order of the text as far as the tree keeps it. */
function visit(value: unknown, see: (node: Fields) => void): void {
  if (Array.isArray(value)) for (const entry of value) visit(entry, see);
  if (!isNode(value)) return;
  see(value);
  for (const [key, child] of Object.entries(value)) if (!WRITING.has(key)) visit(child, see);
}

/** A node as JSON with sorted keys. `replaced` may give something else for a node. */
function plain(value: unknown, replaced: (node: Fields) => JsonTree | undefined): JsonTree {
  if (Array.isArray(value))
    return value.filter((entry) => !isEmptyStatement(entry)).map((part) => plain(part, replaced));
  if (!isNode(value)) return scalar(value);
  const other = replaced(value);
  if (other !== undefined) return other;
  if (value.type === 'Literal') return literal(value);
  if (value.type === 'TemplateElement') return { template: value.value as JsonTree };
  const fields: [string, JsonTree][] = [];
  for (const [key, child] of Object.entries(value)) {
    if (WRITING.has(key)) continue;
    const isName = key === 'key' && value.computed !== true;
    const tree = isName ? propertyKey(child, replaced) : plain(child, replaced);
    // What is absent, false or empty is what a newer parser adds to old syntax; leaving it out keeps old hashes.
    const isDefault = tree === null || tree === false || (Array.isArray(tree) && tree.length === 0);
    if (!isDefault) fields.push([key, tree]);
  }
  return Object.fromEntries(fields.sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** `{ a: 1 }`, `{ 'a': 1 }` and, for numbers, `{ 0.10: 1 }` and `{ '0.1': 1 }` name the same property. */
function propertyKey(key: unknown, replaced: (node: Fields) => JsonTree | undefined): JsonTree {
  const { type, name, value } = key as Fields;
  if (type === 'Identifier') return { key: String(name) };
  if (type === 'Literal' && (typeof value === 'string' || typeof value === 'number')) return { key: String(value) };
  return plain(key, replaced);
}

function literal({ value, regex, bigint }: Fields): JsonTree {
  if (regex !== undefined) return { regex: regex as JsonTree };
  if (typeof bigint === 'string') return { bigint: String(BigInt(bigint)) };
  // The text of a number tells every number from every other one; JSON has no infinity.
  return typeof value === 'number' ? { number: String(value) } : { literal: scalar(value) };
}

function scalar(value: unknown): JsonTree {
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, scalar(entry)]));
  }
  return typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number' ? value : null;
}

/** A semicolon on its own in a list of statements; as a loop's whole body it stands in no list. */
function isEmptyStatement(value: unknown): boolean {
  return isNode(value) && value.type === 'EmptyStatement';
}
