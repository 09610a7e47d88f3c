import type { z } from 'zod';

type Check = (value: unknown) => boolean;
type Definition = z.core.$ZodTypes['_zod']['def'];

/**
 * A check that says whether a value out of a JSON text is what a schema describes, from the schema itself: without the copy, the
 * paths and the words for errors that zod makes at every value, and several times faster. Only for schemas that change nothing;
 * throws at once for one with a part that might (a default, a transformation). Why a value is refused, zod says.
 */
export function compiledCheck<T>(schema: z.ZodType<T>): (value: unknown) => value is T {
  return compile(schema) as (value: unknown) => value is T;
}

/** {@link compiledCheck}, or zod's own where it has forms that are not known here: a later version may. */
export function quickCheck<T>(schema: z.ZodType<T>): (value: unknown) => value is T {
  try {
    return compiledCheck(schema);
  } catch {
    return (value): value is T => schema.safeParse(value).success;
  }
}

/** A schema may contain itself: its check is known before it is made. */
const compiled = new WeakMap<z.core.$ZodType, Check>();

function compile(schema: z.core.$ZodType): Check {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const definition = schema._zod.def as Definition;
  const form = compileForm(definition);
  const checks = [...ownFormat(schema, definition), ...(definition.checks ?? [])].map(compileRule);
  const check = checks.length === 0 ? form : allOf([form, ...checks]);
  compiled.set(schema, check);
  return check;
}

function compileForm(definition: Definition): Check {
  switch (definition.type) {
    case 'null':
      return (value) => value === null;
    case 'boolean':
      return (value) => typeof value === 'boolean';
    case 'number':
      return (value) => typeof value === 'number' && Number.isFinite(value);
    case 'string':
      return (value) => typeof value === 'string';
    case 'literal':
      return oneOf(definition.values);
    case 'enum':
      return oneOf(Object.values(definition.entries));
    case 'nullable': {
      const inner = compile(definition.innerType);
      return (value) => value === null || inner(value);
    }
    case 'optional': {
      const inner = compile(definition.innerType);
      return (value) => value === undefined || inner(value);
    }
    case 'readonly':
      return compile(definition.innerType);
    case 'lazy': {
      let inner: Check | null = null;
      return (value) => {
        inner ??= compile(definition.getter());
        return inner(value);
      };
    }
    case 'union': {
      const options = definition.options.map(compile);
      return (value) => options.some((option) => option(value));
    }
    case 'array': {
      const element = compile(definition.element);
      return (value) => Array.isArray(value) && isEach(value, element);
    }
    case 'tuple': {
      const items = definition.items.map(compile);
      if (definition.rest !== null) throw unsupported('a tuple with a rest');
      return (value) =>
        Array.isArray(value) && value.length === items.length && items.every((item, place) => item(value[place]));
    }
    case 'record':
      return recordOf(compile(definition.keyType), compile(definition.valueType));
    case 'object':
      return strictObject(definition);
    case 'custom':
      // The rule is its own check.
      return () => true;
    default:
      throw unsupported(definition.type);
  }
}

function oneOf(values: readonly unknown[]): Check {
  const allowed = new Set(values);
  return (value) => allowed.has(value);
}

function allOf(checks: readonly Check[]): Check {
  return (value) => {
    for (const check of checks) if (!check(value)) return false;
    return true;
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEach(list: readonly unknown[], check: Check): boolean {
  for (const entry of list) if (!check(entry)) return false;
  return true;
}

function recordOf(key: Check, entry: Check): Check {
  return (value) => {
    if (!isObject(value)) return false;
    for (const name in value) if (!key(name) || !entry(value[name])) return false;
    return true;
  };
}

function strictObject({ shape, catchall }: z.core.$ZodObjectDef): Check {
  if (catchall?._zod.def.type !== 'never') throw unsupported('object with other keys');
  const members = Object.entries(shape).map(([name, member]) => [name, compile(member)] as const);
  return (value) => {
    if (!isObject(value)) return false;
    let known = 0;
    for (const [name, check] of members) {
      const member = value[name];
      if (!check(member)) return false;
      if (member !== undefined) known += 1;
    }
    for (const _ in value) known -= 1;
    return known === 0;
  };
}

type Rule = z.core.$ZodCheck;

/** A whole number, a date and a custom schema are rules of their own kind; other formats are not known here. */
function ownFormat(schema: z.core.$ZodType, definition: Definition): readonly Rule[] {
  const { check } = definition as { readonly check?: string };
  return check === undefined ? [] : [schema as unknown as Rule];
}

function compileRule(rule: Rule): Check {
  const definition = rule._zod.def as z.core.$ZodChecks['_zod']['def'] | z.core.$ZodCustomDef;
  switch (definition.check) {
    case 'greater_than': {
      const { value: least, inclusive } = definition;
      return inclusive ? (value) => Number(value) >= Number(least) : (value) => Number(value) > Number(least);
    }
    case 'less_than': {
      const { value: most, inclusive } = definition;
      return inclusive ? (value) => Number(value) <= Number(most) : (value) => Number(value) < Number(most);
    }
    case 'max_length': {
      const { maximum } = definition;
      return (value) => (value as string | readonly unknown[]).length <= maximum;
    }
    case 'number_format':
      if (definition.format !== 'safeint') throw unsupported(definition.format);
      return Number.isSafeInteger;
    case 'string_format': {
      const { pattern } = definition;
      if (pattern === undefined || pattern.global || pattern.sticky) throw unsupported(definition.format);
      return (value) => pattern.test(value as string);
    }
    case 'custom': {
      if ('fn' in definition && definition.fn !== undefined) {
        const { fn } = definition;
        return (value) => Boolean(fn(value as never));
      }
      return (value) => {
        const payload = { value: value as never, issues: [] };
        rule._zod.check(payload);
        return payload.issues.length === 0;
      };
    }
    default:
      throw unsupported(definition.check);
  }
}

function unsupported(what: string): Error {
  return new Error(`defect: no compiled check of ${what}`);
}
