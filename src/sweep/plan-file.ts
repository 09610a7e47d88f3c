import { isCollection, isMap, isNode, isScalar, isSeq, type Node } from 'yaml';
import type { z } from 'zod';
import { ConfigurationError } from '../errors.js';
import { at } from '../expect.js';
import { didYouMean } from '../names.js';
import type { Fault } from '../words.js';
import { expectedBy, type TypeNames } from '../zod-expectation.js';
import { parsePlanDocument } from './plan-document.js';
import { type PlanContent, planSchema } from './plan-schema.js';

/** A path of keys and indices in a plan file. */
export type PlanPath = readonly (string | number)[];

/** A plan file's content with the places of what it says. */
export interface PlanFile {
  readonly content: PlanContent;
  /** `plan.yaml:7`: the line of the deepest part of the path that the file has. */
  readonly place: (path: PlanPath) => string;
  readonly has: (path: PlanPath) => boolean;
}

/** Reads the text of a plan file, YAML or JSON. Throws ConfigurationError: one line that starts with file and line. */
export function parsePlanFile(file: string, text: string): PlanFile {
  const { contents, value, at } = parsePlanDocument(file, text);
  const place = (path: PlanPath) => at(find(contents, path).offset);
  const parsed = planSchema.safeParse(value, { reportInput: true });
  if (!parsed.success) throw new ConfigurationError(faultOf(parsed.error, place));
  return { content: parsed.data, place, has: (path) => find(contents, path).complete };
}

/** Where the path's own key stands, or else the last part of it that there is; and whether it is there completely. */
function find(root: Node | null, path: PlanPath): { readonly offset: number; readonly complete: boolean } {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const part of path) {
    // One entry stands for a list of one.
    if (typeof part === 'number' && !isSeq(node)) {
      if (part === 0) continue;
      return { offset, complete: false };
    }
    const key = isMap(node) ? node.items.find((pair) => isScalar(pair.key) && pair.key.value === part)?.key : undefined;
    const next = isCollection(node) ? node.get(part, true) : undefined;
    if (next === undefined) return { offset, complete: false };
    offset = (isNode(key) ? key : isNode(next) ? next : null)?.range?.[0] ?? offset;
    node = next;
  }
  return { offset, complete: true };
}

function faultOf(error: z.ZodError, place: (path: PlanPath) => string): Fault {
  const issue = error.issues[0];
  if (issue === undefined) return { what: 'not a plan' };
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  const where = path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = at(issue.keys, 0);
    const known = keysAt(path);
    return {
      place: place([...path, key]),
      ...(where === '' ? {} : { subject: where }),
      found: `the key ${JSON.stringify(key)}`,
      expected: `one of ${known.join(', ')}${didYouMean(key, known)}`,
    };
  }
  return { place: place(path), subject: where === '' ? 'the plan' : where, what: expectation(issue) };
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'custom') return issue.message;
  if (issue.code === 'too_small' && issue.origin === 'array') return 'found an empty list, expected at least one entry';
  return `${foundOrMissing(issue.input)}, expected ${expectedBy(issue, { names: TYPE_NAMES })}`;
}

const TYPE_NAMES: TypeNames = {
  object: 'a mapping of keys to values',
  record: 'a mapping of hyperparameters to values',
};

function foundOrMissing(stated: unknown): string {
  if (stated === undefined || stated === null) return 'missing';
  // JSON has no infinity; a plan may state one.
  const text = JSON.stringify(stated, (_, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  ).replaceAll(/"(-?Infinity|NaN)"/g, '$1');
  return `found ${text.length > 60 ? `${text.slice(0, 57)}...` : text}`;
}

/** The keys that the schema knows at a path. */
function keysAt(path: PlanPath): string[] {
  let schema: z.ZodType = planSchema;
  for (const part of path) schema = inside(unwrapped(schema), part);
  const object = unwrapped(schema);
  return 'shape' in object ? Object.keys(object.shape as object) : [];
}

function inside(schema: z.ZodType, part: string | number): z.ZodType {
  if (typeof part === 'number' && 'element' in schema) return schema.element as z.ZodType;
  const shape = 'shape' in schema ? (schema.shape as Record<string, z.ZodType>) : {};
  return shape[part] ?? schema;
}

/** What is under defaults, optionals, preprocessing and transformations. */
function unwrapped(schema: z.ZodType): z.ZodType {
  const { def } = schema as unknown as {
    def: { type: string; innerType?: z.ZodType; in?: z.ZodType; out?: z.ZodType };
  };
  if (def.innerType !== undefined) return unwrapped(def.innerType);
  if (def.type === 'pipe') {
    const next = (def.in as unknown as { def: { type: string } }).def.type === 'transform' ? def.out : def.in;
    return next === undefined ? schema : unwrapped(next);
  }
  return schema;
}
