import { csvCell } from '../../escape.js';
import type { Figure } from '../figure.js';
import { markupText } from './markup.js';
import { toPdf } from './pdf.js';
import { toPng, withOutlines } from './png.js';
import { type Drawing, drawFigure } from './svg.js';

/** Formats of a figure's file, by its ending. */
export const FIGURE_FORMATS = ['svg', 'png', 'pdf', 'json'] as const;
/** The format of a figure's file. */
export type FigureFormat = (typeof FIGURE_FORMATS)[number];

/** How large a figure is on paper. */
export interface PaperOptions {
  /** In points, 1/72 inch. */
  readonly width: number;
  readonly fontSize: number;
  /** Pixels per inch of a PNG. */
  readonly dpi: number;
  /** Texts of an SVG as outlines. */
  readonly outlines: boolean;
}

/** The content of a figure's file. */
export async function figureFile(
  figure: Figure,
  format: FigureFormat,
  paper: PaperOptions,
): Promise<string | Uint8Array> {
  const drawing = await drawFigure(figure, paper);
  switch (format) {
    case 'json':
      return `${JSON.stringify({ ...drawing.spec, description: figure.description }, null, 2)}\n`;
    case 'svg': {
      const svg = paper.outlines ? withOutlines(drawing.svg) : drawing.svg;
      return `${accessible(svg, figure, drawing)}\n`;
    }
    case 'png':
      return toPng(drawing.svg, paper.dpi / 72);
    case 'pdf': {
      const { width, height } = drawing;
      return toPdf(withOutlines(drawing.svg), { width, height, title: figure.title });
    }
  }
}

/** The picture in points, with its title and description for readers who do not see it. */
function accessible(svg: string, { title, description }: Figure, { width, height }: Drawing): string {
  return svg
    .replace(/^(<svg\b[^>]*?) width="[^"]*" height="[^"]*"/, `$1 role="img" width="${width}pt" height="${height}pt"`)
    .replace(
      /^<svg\b[^>]*>/,
      (tag) => `${tag}<title>${markupText(title)}</title><desc>${markupText(description)}</desc>`,
    );
}

/** The data behind a figure as CSV (RFC 4180), in long form and with every digit. */
export function figureCsv({ records }: Figure): string {
  const columns = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const lines = records.map((record) => columns.map((column) => csvCell(record[column])).join(','));
  return `${[columns.join(','), ...lines].join('\n')}\n`;
}
