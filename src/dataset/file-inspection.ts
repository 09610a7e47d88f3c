import type { ProbprecError } from '../errors.js';

/**
 * One file of a data set: verified (right structure, published MD5), unverified (right structure, another MD5 or none
 * published), corrupt (wrong structure), misnamed (by its MD5 another published file) or missing. `reason` says why it is
 * not verified. The MD5 is null of a file that cannot be read or is far too long.
 */
export type FileInspection =
  | { readonly state: 'missing'; readonly path: string; readonly publishedMd5: string | null; readonly reason: string }
  | {
      readonly state: 'verified' | 'unverified' | 'corrupt' | 'misnamed';
      readonly path: string;
      readonly size: number;
      readonly md5: string | null;
      readonly publishedMd5: string | null;
      readonly reason: string | null;
      /** What the reason is of, where it is an error; it names options. */
      readonly error?: ProbprecError;
    };
