/** A table in Markdown; null is an empty cell. */
export function markdownTable(header: readonly string[], rows: readonly (readonly (string | null)[])[]): string[] {
  const line = (cells: readonly (string | null)[]) => `| ${cells.map((cell) => cell ?? '').join(' | ')} |`;
  return [line(header), `|${'---|'.repeat(header.length)}`, ...rows.map(line)];
}

/** A whole number with thousands separated. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** A number with so many significant digits, no exponent. */
export function digits(value: number, significant: number): string {
  const rounded = Number(value.toPrecision(significant));
  const decimals = rounded === 0 ? 0 : Math.max(0, significant - 1 - Math.floor(Math.log10(Math.abs(rounded))));
  return rounded.toFixed(decimals);
}

/** What is stated and what is here in one cell: once where they are the same, else both, in bold. */
export function beside(stated: string, here: string): string {
  return stated === here ? here : `**${here}** (${stated})`;
}

/** Names, a family's data set written once: `mnist_vae`, `fmnist_vae`. */
export function names(list: readonly string[]): string {
  return list.map((name) => `\`${name}\``).join(', ');
}
