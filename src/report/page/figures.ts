import { gzipSync } from 'node:zlib';
import type { Figure, FigureRecord } from '../figures/index.js';
import { drawFigure } from '../figures/rendering/svg.js';
import { Html, html, htmlTable } from './html.js';

const SCREEN = { width: 760, fontSize: 12, ink: 'currentColor', grid: '#88888866' } as const;
/** Longer tables are shown in part: all values are in the page's data and in plot --data. */
const LONGEST_TABLE = 250;

/** A figure of the page: its picture, caption, the table behind it, and with a script its specification. */
export async function figureHtml(
  figure: Figure,
  id: string,
  { interactive, width = SCREEN.width }: { readonly interactive: boolean; readonly width?: number },
): Promise<Html> {
  const { svg, spec } = await drawFigure(figure, { ...SCREEN, width });
  const { $schema: _, ...drawn } = spec;
  return html`<figure id="${id}" data-description="${figure.description}">
<div class="drawing" tabindex="0" role="group" aria-label="${figure.title}">${picture(svg, id, figure)}</div>
<figcaption>${figure.title}. ${figure.caption.join('. ')} <a href="#${id}" aria-label="Address of this figure">#</a></figcaption>
<details><summary>The values of this figure</summary>${recordsTable(figure)}</details>
${interactive ? html`<script type="text/plain" id="${id}-data">${packed(drawn)}</script>` : null}
</figure>
`;
}

/**
 * JSON, compressed and in base 64, as the page's script unpacks it: names of columns repeat in every row. Numbers are as a
 * picture shows them: seven digits, half as many bytes.
 */
function packed(value: unknown): string {
  const text = JSON.stringify(value, (_, own) => (typeof own === 'number' ? Number(own.toPrecision(7)) : own));
  return gzipSync(text, { level: 9 }).toString('base64');
}

/** The picture as wide as its place, with a title and description; names of its clips are its own. */
function picture(svg: string, id: string, { title, description }: Figure): Html {
  const own = svg
    .replaceAll(/\b(id="|url\(#)(clip|gradient_?)(\d)/g, `$1${id}-$2$3`)
    .replace(/^(<svg\b[^>]*?) width="[^"]*" height="[^"]*"/, '$1')
    // The figure's own title and description say more than the roles of its marks.
    .replace(/\s(?:role="graphics-[^"]*"|aria-roledescription="[^"]*"|aria-label="[^"]*"|aria-hidden="[^"]*")/g, '')
    .replace(/\sxmlns(?::xlink)?="[^"]*"/g, '')
    // A tenth of a pixel is seen by nobody.
    .replace(/\s(?:d|transform)="[^"]*"/g, (attribute) =>
      attribute.replace(/-?\d+\.\d{2,}/g, (number) => String(Number(Number(number).toFixed(1)))),
    )
    .replace(/\p{Cs}/gu, '\ufffd');
  const { drawn, shapes } = sharedShapes(own, id);
  const [tag = ''] = /^<svg\b[^>]*>/.exec(own) ?? [];
  const head = html`<title>${title}</title><desc>${description}</desc>`;
  return new Html(`${tag.replace('<svg', '<svg role="img"')}${head.text}${shapes}${drawn.slice(tag.length)}`);
}

/** Markers of a series differ in their place only: each shape stands in the page once, and what repeats it is a tenth as long. */
function sharedShapes(svg: string, id: string): { readonly drawn: string; readonly shapes: string } {
  const marker = /<path transform="translate\(([-\d.]+),([-\d.]+)\)" ([^<>]*)\/>/g;
  const counts = new Map<string, number>();
  for (const [, , , shape = ''] of svg.matchAll(marker)) counts.set(shape, (counts.get(shape) ?? 0) + 1);
  const shared = [...counts].filter(([, count]) => count > 3).map(([shape]) => shape);
  const numbers = new Map(shared.map((shape, index) => [shape, index]));
  const drawn = svg.replace(marker, (all, x: string, y: string, shape: string) => {
    const number = numbers.get(shape);
    return number === undefined ? all : `<use href="#${id}-m${number}" x="${x}" y="${y}"/>`;
  });
  const shapes = shared.map((shape, index) => `<path id="${id}-m${index}" ${shape}/>`).join('');
  return { drawn, shapes: shapes === '' ? '' : `<defs>${shapes}</defs>` };
}

function recordsTable({ title, records }: Figure): Html {
  const columns = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const shown = thinned(records);
  const part = shown.length < records.length ? ` (${shown.length} of ${records.length} rows)` : '';
  return htmlTable({
    caption: `${title}${part}`,
    head: columns,
    rows: shown.map((record) => ({
      cells: columns.map((column) => cellOf(record[column] ?? null)),
      ...(typeof record.optimizer === 'string' ? { key: record.optimizer } : {}),
    })),
  });
}

function thinned(records: readonly FigureRecord[]): readonly FigureRecord[] {
  if (records.length <= LONGEST_TABLE) return records;
  const last = Math.max(...records.map(({ epochs }) => (typeof epochs === 'number' ? epochs : 0)));
  if (last === 0) return records.slice(0, LONGEST_TABLE);
  const step = Math.ceil(last / 5);
  return records.filter(({ epochs }) => typeof epochs !== 'number' || epochs % step === 0 || epochs === last);
}

function cellOf(value: string | number | null): string | number | null {
  return typeof value === 'number' ? Number(value.toPrecision(6)) : value;
}
