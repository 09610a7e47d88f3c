import type { Screen } from '../terminal.js';

/** A table, or a text of another form. */
export type Listing = { readonly entries: readonly object[] } & (
  | {
      readonly header: readonly string[];
      readonly rows: readonly (readonly (string | number | null)[])[];
    }
  | { readonly text: (screen: Screen) => string | Promise<string> }
);
