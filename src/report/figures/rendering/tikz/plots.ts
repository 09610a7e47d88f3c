import { groupBy } from '../../../../group-by.js';
import { latexText } from '../../../escape.js';
import { INK } from '../svg.js';
import { type Axis, lines, placeOf } from './axis.js';
import type { DataTable } from './data-table.js';
import { colourName, dashKeys, length, markerKeys } from './look.js';
import type { Channel, Layer, Row } from './panel.js';

/** What the layers of one panel are drawn with. */
export interface PanelDrawing {
  readonly x: Axis;
  readonly y: Axis;
  readonly table: DataTable;
  /** Begins the names of the panel's columns. */
  readonly prefix: string;
  readonly fontSize: number;
}

/** The commands that draw a layer; its numbers go into the table. */
export function layerPlots(layer: Layer, place: string, drawing: PanelDrawing): string[] {
  if (layer.mark.type === 'text') return texts(layer, drawing);
  return groups(layer).flatMap((group, index) => {
    if (group.rows.length === 0) return [];
    const prefix = `${drawing.prefix}${place}${letters(index)}`;
    const drawn = { ...drawing, prefix };
    const commands = shaded(layer) ? cells(layer, drawn) : plot(layer, group, drawn);
    return [...(group.name === null ? [] : [`% ${comment(group.name)}`]), ...commands];
  });
}

/** Rows of one look. */
interface Group {
  /** The series, where the layer has several. */
  readonly name: string | null;
  readonly rows: readonly Row[];
  readonly colour: string | null;
  readonly dash: readonly number[];
  readonly shape: string | null;
}

function groups({ rows, encoding, mark }: Layer): Group[] {
  const { color, strokeDash, shape } = encoding;
  const field = [color, strokeDash, shape].find((channel) => channel?.type === 'nominal')?.field;
  const of = (channel: Channel | undefined, key: string) =>
    channel?.scale?.range?.[channel.scale.domain?.indexOf(key) ?? -1];
  const look = { colour: mark.color ?? mark.stroke ?? null, dash: mark.strokeDash ?? [], shape: mark.shape ?? null };
  if (field === undefined) return [{ ...look, name: null, rows }];
  return [...groupBy(rows, (row) => String(row[field]))].map(([key, own]) => ({
    name: key,
    rows: own,
    colour: (of(color, key) as string | undefined) ?? look.colour,
    dash: (of(strokeDash, key) as readonly number[] | undefined) ?? look.dash,
    shape: (of(shape, key) as string | undefined) ?? look.shape,
  }));
}

/** Whether the layer's cells have the shade of a number. */
function shaded({ mark, encoding }: Layer): boolean {
  return mark.type === 'rect' && encoding.x !== undefined;
}

function plot({ mark, encoding }: Layer, group: Group, drawing: PanelDrawing): string[] {
  const { x, y, fontSize } = drawing;
  const at = (row: Row, channel: 'x' | 'x2' | 'y' | 'y2') =>
    placeOf(row, encoding[channel], channel.startsWith('x') ? x : y);
  const colour = `color=${colourName(group.colour ?? INK)}`;
  const stroke = [colour, `line width=${length(mark.strokeWidth ?? fontSize / 6.5)}`, ...dashKeys(group.dash)];
  const shift = mark.yOffset === undefined ? [] : [`yshift=${length(-mark.yOffset)}`];
  const opacity = mark.opacity === undefined ? [] : [`opacity=${mark.opacity}`];
  switch (mark.type) {
    case 'line': {
      const steps = mark.interpolate === 'step-after' ? ['const plot'] : [];
      const { detail } = encoding;
      const curves = [
        ...groupBy(group.rows, (row) => String(detail?.field === undefined ? '' : row[detail.field])).values(),
      ];
      const points = joined(curves.map((rows) => inOrder(rows.map((row) => [at(row, 'x'), at(row, 'y')]))));
      return addPlot(
        [...stroke, ...opacity, ...steps, ...(curves.length > 1 ? ['unbounded coords=jump'] : [])],
        points,
        drawing,
      );
    }
    case 'area':
    case 'rect':
      return band(
        mark.type === 'rect' ? acrossBand(group.rows, at, x) : alongBand(group.rows, at),
        { colour, opacity: mark.opacity ?? 1 },
        drawing,
      );
    case 'rule': {
      const ends = group.rows.map((row): Segment => {
        const [left, right] =
          encoding.x === undefined
            ? (x.domain ?? [0, 1])
            : [at(row, 'x'), at(row, encoding.x2 === undefined ? 'x' : 'x2')];
        const [low, high] = encoding.y === undefined ? (y.domain ?? [0, 1]) : [at(row, 'y'), at(row, 'y')];
        return [
          [left, low],
          [right, high],
        ];
      });
      return addPlot([...stroke, ...(ends.length > 1 ? ['unbounded coords=jump'] : [])], joined(ends), drawing);
    }
    default: {
      const size = mark.size ?? fontSize * fontSize * 0.35;
      const marker =
        mark.type === 'tick'
          ? [
              'mark=|',
              `mark size=${length(size / 2)}`,
              `mark options={solid, line width=${length(mark.thickness ?? 1)}}`,
            ]
          : markerKeys(mark.type === 'circle' ? 'circle' : (group.shape ?? 'circle'), {
              filled: mark.type === 'circle' || mark.filled === true,
              size,
              strokeWidth: mark.type === 'circle' ? 0 : fontSize / 9,
            });
      const points = group.rows.map((row): Point => [at(row, 'x'), at(row, 'y')]);
      return addPlot([colour, 'only marks', ...opacity, ...shift, ...marker], points, drawing);
    }
  }
}

type Point = readonly [number, number];
type Segment = readonly [Point, Point];
type PlaceOf = (row: Row, channel: 'x' | 'x2' | 'y' | 'y2') => number;

/** Lines follow their horizontal axis, as those of the specification do. */
function inOrder(points: readonly Point[]): Point[] {
  return [...points].sort(([left], [right]) => left - right);
}

/** Several lines in one pair of columns: nan between them. */
function joined(parts: readonly (readonly Point[])[]): Point[] {
  return parts.flatMap((points, index): readonly Point[] =>
    index === 0 ? points : [[Number.NaN, Number.NaN], ...points],
  );
}

function addPlot(keys: readonly string[], points: readonly Point[], { table, prefix }: PanelDrawing): string[] {
  const known = points.map(
    ([x, y]): Point => (Number.isFinite(x) && Number.isFinite(y) ? [x, y] : [Number.NaN, Number.NaN]),
  );
  const { x, y } = table.add(prefix, { x: known.map(([own]) => own), y: known.map(([, own]) => own) });
  return [`\\addplot[${keys.join(', ')}] table[x=${x}, y=${y}] {\\probprecdata};`];
}

interface Band {
  readonly x: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

function alongBand(rows: readonly Row[], at: PlaceOf): Band {
  const sorted = [...rows].sort((left, right) => at(left, 'x') - at(right, 'x'));
  return {
    x: sorted.map((row) => at(row, 'x')),
    low: sorted.map((row) => at(row, 'y')),
    high: sorted.map((row) => at(row, 'y2')),
  };
}

/** The interval of a competitor that has no place on the horizontal axis: over its whole length. */
function acrossBand(rows: readonly Row[], at: PlaceOf, { domain }: Axis): Band {
  const [row] = rows;
  const [low, high] = row === undefined ? [Number.NaN, Number.NaN] : [at(row, 'y'), at(row, 'y2')];
  return { x: domain ?? [0, 1], low: [low, low], high: [high, high] };
}

function band(
  { x, low, high }: Band,
  { colour, opacity }: { readonly colour: string; readonly opacity: number },
  { table, prefix }: PanelDrawing,
): string[] {
  const columns = table.add(prefix, { x, low, high });
  const side = (name: 'low' | 'high') =>
    `\\addplot[draw=none, name path=${prefix}${name}] table[x=${columns.x}, y=${columns[name]}] {\\probprecdata};`;
  return [
    side('low'),
    side('high'),
    `\\addplot[${colour}, opacity=${opacity}] fill between[of=${prefix}low and ${prefix}high];`,
  ];
}

/** Cells of a heat map or a matrix: squares stretched to the distance of the axes' names. */
function cells({ mark, encoding, rows }: Layer, { x, y, table, prefix }: PanelDrawing): string[] {
  const stretched = `xscale=${(x.length / x.names.length / 2).toFixed(3)}, yscale=${(y.length / y.names.length / 2).toFixed(3)}`;
  const columns = {
    x: rows.map((row) => placeOf(row, encoding.x, x)),
    y: rows.map((row) => placeOf(row, encoding.y, y)),
  };
  if (encoding.color === undefined) {
    const names = table.add(prefix, columns);
    const look = `color=${colourName(mark.stroke ?? '#000000')}, line width=${length(mark.strokeWidth ?? 1)}`;
    return [
      `\\addplot[${look}, only marks, mark=square, mark size=1bp, mark options={${stretched}}] table[x=${names.x}, y=${names.y}] {\\probprecdata};`,
    ];
  }
  const { field = '', scale } = encoding.color;
  const names = table.add(prefix, { ...columns, shade: rows.map((row) => Number(row[field])) });
  const [least, most] = scale?.domain ?? [0, 1];
  const colours = (scale?.range ?? []).map((colour) => `color=(${colourName(String(colour))})`).join(' ');
  return [
    `\\addplot[scatter, scatter src=explicit, only marks, mark=square*, mark size=1bp, colormap={${prefix}}{${colours}},`,
    `  point meta min=${least}, point meta max=${most}, mark options={${stretched}, line width=0.2bp},`,
    `  scatter/use mapped color={draw=mapped color, fill=mapped color}] table[x=${names.x}, y=${names.y}, meta=${names.shade}] {\\probprecdata};`,
  ];
}

function texts(layer: Layer, { x, y }: PanelDrawing): string[] {
  const { encoding } = layer;
  return groups(layer).flatMap(({ rows, colour }) =>
    rows.flatMap((row) => {
      const text = encoding.text?.field === undefined ? '' : String(row[encoding.text.field] ?? '');
      if (text === '') return [];
      const style = `text=${colourName(colour ?? INK)}, align=center, inner sep=0pt`;
      const at =
        encoding.x === undefined
          ? 'rel axis cs:0.5,0.5'
          : `axis cs:${placeOf(row, encoding.x, x)},${placeOf(row, encoding.y, y)}`;
      return [`\\node[${style}] at (${at}) {${lines(text)}};`];
    }),
  );
}

/** A name behind a percent sign: what TeX does not read must still be one line. */
function comment(name: string): string {
  return latexText(name.replaceAll('\u200b', '').replaceAll('\n', ' '));
}

/** a, b, …, z, ba, …: names of columns have no digits at their end, so that none is the beginning of another. */
function letters(index: number): string {
  const last = String.fromCharCode(97 + (index % 26));
  return index < 26 ? last : letters(Math.floor(index / 26)) + last;
}
