import type { Terminal } from '../../src/cli/terminal.js';

/** A terminal of so many columns that keeps the results and shows nothing. */
export function quietTerminal(width = 120, results: string[] = []): Terminal {
  const nothing = () => undefined;
  return {
    interactive: false,
    width,
    messageWidth: width,
    heading: (text) => text,
    result: (text) => results.push(text),
    line: nothing,
    transient: nothing,
  };
}
