import { writeFileSync } from 'node:fs';

/** Writes tables of rows as JSON, a row a line: what is measured anew shows as the lines that change. */
export function writeRows(path, tables) {
  const parts = Object.entries(tables).map(([name, value]) => {
    const key = ` ${JSON.stringify(name)}: `;
    if (!Array.isArray(value)) return key + JSON.stringify(value);
    return `${key}[\n${value.map((row) => `  ${JSON.stringify(row)}`).join(',\n')}\n ]`;
  });
  writeFileSync(path, `{\n${parts.join(',\n')}\n}\n`);
}
