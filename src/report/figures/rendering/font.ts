import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { at } from '../../../expect.js';

/** The one font of all figures, so that they look the same on every machine. */
export const FONT_FAMILY = 'DejaVu Sans';

/** Paths of the font's files: regular and bold. */
export function fontFiles(): string[] {
  const { resolve } = createRequire(import.meta.url);
  return ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) => resolve(`dejavu-fonts-ttf/ttf/${name}`));
}

let widths: ((text: string) => number) | null = null;

/** Width of a text in the regular face, in units of the font size. */
export function measureText(text: string, fontSize: number): number {
  widths ??= advanceWidths(readFileSync(at(fontFiles(), 0)));
  return widths(text) * fontSize;
}

/**
 * The sum of the advance widths of a text's letters (tables cmap, format 12 or 4, and hmtx of the OpenType specification).
 * Kerning is left out; a letter without a glyph has the width of the missing glyph.
 */
function advanceWidths(font: Buffer): (text: string) => number {
  const tables = new Map<string, number>();
  for (let entry = 0; entry < font.readUInt16BE(4); entry++) {
    const at = 12 + 16 * entry;
    tables.set(font.toString('latin1', at, at + 4), font.readUInt32BE(at + 8));
  }
  const table = (name: string) => {
    const offset = tables.get(name);
    if (offset === undefined) throw new Error(`defect: the font has no table ${name}`);
    return offset;
  };
  const unitsPerEm = font.readUInt16BE(table('head') + 18);
  const metrics = font.readUInt16BE(table('hhea') + 34);
  const hmtx = table('hmtx');
  const glyphOf = characterMap(font, table('cmap'));
  const advance = (letter: string) => {
    const glyph = Math.min(glyphOf(letter.codePointAt(0) ?? 0), metrics - 1);
    return font.readUInt16BE(hmtx + 4 * glyph) / unitsPerEm;
  };
  return (text) => [...text].reduce((sum, letter) => sum + advance(letter), 0);
}

function characterMap(font: Buffer, cmap: number): (code: number) => number {
  const subtables = Array.from(
    { length: font.readUInt16BE(cmap + 2) },
    (_, index) => cmap + font.readUInt32BE(cmap + 4 + 8 * index + 4),
  );
  const groups = subtables.find((offset) => font.readUInt16BE(offset) === 12);
  if (groups === undefined) throw new Error('defect: the font has no character map of format 12');
  const count = font.readUInt32BE(groups + 12);
  return (code) => {
    let [low, high] = [0, count - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const at = groups + 16 + 12 * middle;
      const [first, last] = [font.readUInt32BE(at), font.readUInt32BE(at + 4)];
      if (code < first) high = middle - 1;
      else if (code > last) low = middle + 1;
      else return font.readUInt32BE(at + 8) + code - first;
    }
    return 0;
  };
}
