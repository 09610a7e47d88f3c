import type { Figure, FigureRecord } from '../figures/index.js';
import { drawFigure } from '../figures/rendering/svg.js';
import { embeddedJson, Html, html, htmlTable } from './html.js';

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
<figcaption>${figure.title}. ${figure.caption.join('. ')}</figcaption>
<details><summary>The values of this figure</summary>${recordsTable(figure)}</details>
${interactive ? html`<script type="application/json" id="${id}-data">${embeddedJson({ spec: shortened(drawn) })}</script>` : null}
</figure>
`;
}

/** Numbers as a picture shows them: seven digits, half as many bytes. */
function shortened(spec: object): unknown {
  return JSON.parse(JSON.stringify(spec), (_, value) =>
    typeof value === 'number' ? Number(value.toPrecision(7)) : value,
  );
}

/** The picture as wide as its place, with a title and description; names of its clips are its own. */
function picture(svg: string, id: string, { title, description }: Figure): Html {
  const own = svg
    .replaceAll(/\b(id="|url\(#)(clip|gradient_?)(\d)/g, `$1${id}-$2$3`)
    .replace(/^(<svg\b[^>]*?) width="[^"]*" height="[^"]*"/, '$1')
    // The figure's own title and description say more than the roles of its marks.
    .replace(/\s(?:role="graphics-[^"]*"|aria-roledescription="[^"]*"|aria-label="[^"]*"|aria-hidden="[^"]*")/g, '')
    .replace(/\sxmlns(?::xlink)?="[^"]*"/g, '')
    .replace(/\p{Cs}/gu, '\ufffd');
  const [tag = ''] = /^<svg\b[^>]*>/.exec(own) ?? [];
  const head = html`<title>${title}</title><desc>${description}</desc>`;
  return new Html(`${tag.replace('<svg', '<svg role="img"')}${head.text}${own.slice(tag.length)}`);
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
  const step = Math.ceil(last / 10);
  return records.filter(({ epochs }) => typeof epochs !== 'number' || epochs % step === 0 || epochs === last);
}

function cellOf(value: string | number | null): string | number | null {
  return typeof value === 'number' ? Number(value.toPrecision(6)) : value;
}
