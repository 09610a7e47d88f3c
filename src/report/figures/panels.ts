import { type Layout, SCHEMA, type Spec } from './figure.js';
import type { Series } from './series.js';

/** Lines of a text that fit a width, `n = 5` in one piece; a longer word is cut, because names of other people can be long. */
export function wrapToWidth(text: string, width: number, size: number, measure: Layout['measure']): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<!=) (?!=)/)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (measure(longer, size) <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = '';
    for (const letter of word) {
      if (line !== '' && measure(line + letter, size) > width) {
        lines.push(line);
        line = '';
      }
      line += letter;
    }
  }
  return line === '' ? lines : [...lines, line];
}

/** What all figures share: font, sizes, colours of frame and grid. */
export function config({ fontSize, ink, grid }: Layout): Spec {
  const text = { labelFontSize: fontSize, titleFontSize: fontSize, titleFontWeight: 'normal' };
  return {
    font: 'DejaVu Sans',
    background: 'transparent',
    // Descriptions of marks and axes would be expressions with names in them; the figure has one of its own.
    aria: false,
    mark: { aria: false },
    view: { stroke: grid },
    axis: {
      ...text,
      aria: false,
      labelColor: ink,
      titleColor: ink,
      gridColor: grid,
      domainColor: grid,
      tickColor: grid,
      gridOpacity: 0.5,
      labelLimit: 0,
      titleLimit: 0,
      labelFlush: false,
      titlePadding: fontSize * 0.5,
      tickSize: fontSize * 0.4,
      labelPadding: fontSize * 0.25,
    },
    title: {
      color: ink,
      fontSize: fontSize,
      fontWeight: 'bold',
      anchor: 'start',
      frame: 'group',
      offset: fontSize * 0.5,
      limit: 0,
    },
    legend: { ...text, labelColor: ink, titleColor: ink, labelLimit: 0, titleLimit: 0 },
    text: { color: ink, fontSize },
    line: { strokeWidth: fontSize / 6.5 },
    point: { size: fontSize * fontSize * 0.35, strokeWidth: fontSize / 9, filled: false, opacity: 1 },
    header: { labelColor: ink, titleColor: ink },
  };
}

/** Panels in rows of so many, and below them the legend: one specification. */
export function assemble(
  layout: Layout,
  {
    panels,
    columns,
    legend,
  }: { readonly panels: readonly Spec[]; readonly columns: number; readonly legend: Spec | null },
): Spec {
  const resolve = { scale: { color: 'independent', shape: 'independent', strokeDash: 'independent' } };
  const body = { concat: panels, columns, spacing: layout.fontSize * 1.2, resolve };
  return {
    $schema: SCHEMA,
    config: config(layout),
    padding: layout.fontSize * 0.3,
    spacing: layout.fontSize,
    resolve,
    vconcat: legend === null ? [body] : [body, legend],
  };
}

/** Height of a panel with curves: neither a strip nor a tower. */
export function panelHeight({ panelWidth, fontSize }: Layout): number {
  return Math.min(fontSize * 24, Math.max(fontSize * 10, panelWidth * 0.6));
}

/** A title above a panel, in as many lines as it needs. */
export function panelTitle(text: string, { panelWidth, fontSize, measure }: Layout): Spec {
  // Bold letters are wider than what is measured.
  return { text: wrapToWidth(text, panelWidth / 1.15, fontSize, measure) };
}

/** The title of an axis of this length, in as many lines as it needs: names of other people can be long. */
export function axisTitle(text: string, length: number, { fontSize, measure }: Layout): string | readonly string[] {
  const lines = wrapToWidth(text, Math.max(length, fontSize * 8), fontSize, measure);
  return lines.length > 1 ? lines : text;
}

/** A legend entry that is no series: a mark that is explained. */
export interface Explained {
  readonly mark: 'band' | 'cross' | 'note';
  readonly label: string;
}

/** A legend that is laid out by the measured widths of its texts: line, dashes and marker of each series, and marks explained. */
export function legendPanel(
  layout: Layout,
  series: readonly Series[],
  explained: readonly Explained[] = [],
): Spec | null {
  const { legendWidth, fontSize, measure } = layout;
  if (legendWidth === null) return null;
  const swatch = fontSize * 3;
  const gap = fontSize * 1.5;
  const room = legendWidth;
  const items = [
    ...series.map((entry) => ({ ...entry, mark: 'series' })),
    ...explained.map(({ mark, label }) => ({ mark, label, key: label, colour: layout.ink, dash: [], shape: 'circle' })),
  ].map((item) => {
    const lines = wrapToWidth(item.label, room - swatch, fontSize, measure);
    return { ...item, lines, wide: Math.max(...lines.map((line) => measure(line, fontSize))) };
  });
  if (items.length === 0) return null;
  const cell = swatch + gap + Math.max(...items.map(({ wide }) => wide));
  const columns = Math.max(1, Math.min(items.length, Math.floor((room + gap) / cell)));
  const rows = Math.ceil(items.length / columns);
  const heights = Array.from({ length: rows }, (_, row) =>
    Math.max(...items.slice(row * columns, (row + 1) * columns).map(({ lines }) => lines.length)),
  );
  const lineHeight = fontSize * 1.35;
  const top = (row: number) =>
    heights.slice(0, row).reduce((sum, lines) => sum + lines * lineHeight, 0) + row * fontSize * 0.3;
  const values = items.map(({ key, mark, lines }, index) => {
    const x = (index % columns) * cell;
    const y = top(Math.floor(index / columns)) + lineHeight / 2;
    return {
      key,
      mark,
      x,
      x2: x + swatch - fontSize * 0.6,
      middle: x + (swatch - fontSize * 0.6) / 2,
      y,
      text: x + swatch,
      label: lines.join('\n'),
    };
  });
  const scales = seriesScales(items);
  const only = (mark: string) => ({ data: { values: values.filter((value) => value.mark === mark) } });
  const at = (field: string) => ({ field, type: 'quantitative', scale: null, axis: null });
  const place = { x: at('x'), x2: { field: 'x2' }, y: at('y') };
  return {
    name: 'legend',
    width: room,
    height: top(rows),
    view: { stroke: null },
    layer: [
      {
        ...only('series'),
        mark: { type: 'rule', strokeWidth: fontSize / 6.5 },
        encoding: { ...place, color: scales.color, strokeDash: scales.strokeDash },
      },
      {
        ...only('series'),
        mark: { type: 'point' },
        encoding: { x: at('middle'), y: at('y'), color: scales.color, shape: scales.shape },
      },
      {
        ...only('band'),
        mark: { type: 'rule', strokeWidth: fontSize * 0.9, opacity: 0.2, color: layout.ink },
        encoding: place,
      },
      {
        ...only('cross'),
        mark: { type: 'point', shape: CROSS, color: layout.ink },
        encoding: { x: at('middle'), y: at('y') },
      },
      {
        data: { values },
        mark: {
          type: 'text',
          align: 'left',
          baseline: 'line-top',
          dy: -lineHeight / 2,
          lineBreak: '\n',
          lineHeight,
          limit: 0,
        },
        encoding: { x: at('text'), y: at('y'), text: { field: 'label', type: 'nominal' } },
      },
    ],
    resolve: { scale: { x: 'independent', y: 'independent' } },
  };
}

/** Two crossing strokes: a run that diverged. */
export const CROSS = 'M-1,-1L1,1M-1,1L1,-1';

/** Colour, dashes and marker by the field `key`. */
export function seriesScales(series: readonly Pick<Series, 'key' | 'colour' | 'dash' | 'shape'>[]) {
  const domain = series.map(({ key }) => key);
  const channel = (range: readonly unknown[]) => ({
    field: 'key',
    type: 'nominal',
    scale: { domain, range },
    legend: null,
  });
  return {
    color: channel(series.map(({ colour }) => colour)),
    strokeDash: channel(series.map(({ dash }) => dash)),
    shape: channel(series.map(({ shape }) => shape)),
  };
}
