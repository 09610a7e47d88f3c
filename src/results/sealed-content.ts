import type { z } from 'zod';
import { FileError } from '../errors.js';
import { quickCheck } from './compiled-check.js';
import { describeFault } from './faults.js';
import { textDigest } from './text-digest.js';

/** What reads a parsed content by its schema. It throws FileError with the first fault; `version` is the one that the schema describes. */
export function contentReader<Content>(
  schema: z.ZodType<Content>,
  version: number,
): (path: string, value: unknown) => Content {
  const isContent = quickCheck(schema);
  return (path, value) => {
    if (isContent(value)) return value;
    const parsed = schema.safeParse(value, { reportInput: true });
    if (parsed.success) return parsed.data;
    throw new FileError({ subject: path, what: describeFault(parsed.error, version) });
  };
}

/** Checks a file's digest as {@link checkDigest} does, or sees to it that somebody will. */
export type DigestCheck = typeof checkDigest;

/**
 * Throws FileError for a file whose content was changed after it was written: whose digest is neither that of its text nor that of
 * its values, which `digestOfValues` makes where it is asked for.
 */
export function checkDigest(path: string, text: string, claimed: string, digestOfValues: () => string): void {
  if (textDigest(text) === claimed) return;
  const actual = digestOfValues();
  if (actual === claimed) return;
  throw new FileError({
    subject: `${path}: field content_digest`,
    found: claimed,
    expected: actual,
    remedy: 'the file was changed after it was written',
  });
}
