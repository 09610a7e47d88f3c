import { latexLines, latexText } from '../../../escape.js';
import type { Figure } from '../../figure.js';
import { drawFigure, INK } from '../svg.js';
import { axisKeys, axisOf, titleLines } from './axis.js';
import { DataTable } from './data-table.js';
import { colourDefinitions, colourName, dashKeys, length, markerKeys } from './look.js';
import { type Drawn, type LegendEntry, type Panel, readDrawn } from './panel.js';
import { layerPlots } from './plots.js';

/** How large a picture is in LaTeX, and where its data are. */
export interface TikzOptions {
  /** Name of the file with the data, as LaTeX will read it. */
  readonly dataFile: string;
  /** In units of 1/72 inch. */
  readonly width: number;
  readonly fontSize: number;
}

interface Frame extends TikzOptions {
  /** Where the leftmost panel begins. */
  readonly left: number;
}

/** A picture for LaTeX. */
export interface Tikz {
  readonly tex: string;
  /** The data, a file of its own. */
  readonly csv: string;
  /** Numbers in the data. */
  readonly size: number;
}

/** A drawn figure as a picture of pgfplots: panels in a group, the legend below as a matrix, and every number in a CSV file. */
export async function toTikz(figure: Figure, options: TikzOptions): Promise<Tikz> {
  const { spec, left } = await drawFigure(figure, options);
  const drawn = readDrawn(spec);
  const table = new DataTable();
  const panels = drawn.panels.map((panel, index) => panelText(panel, letterOf(index), table, options));
  const body = [
    '\\begin{tikzpicture}[every node/.append style={font=\\probprecfont}]',
    ...groupText(drawn, panels, { ...options, left }),
    ...(drawn.legend === null ? [] : legendText(drawn.legend, options)),
    '\\end{tikzpicture}%',
    '\\endgroup',
  ].join('\n');
  const head = [
    `% ${latexText(figure.title)}`,
    ...figure.caption.map((line) => `% ${latexText(line)}`),
    '% Needs: \\usepackage{pgfplots} \\usepgfplotslibrary{groupplots,fillbetween} \\pgfplotsset{compat=1.17}',
    `% Data: ${options.dataFile}; from another folder: \\pgfplotsset{table/search path={.,figures}}`,
    '\\begingroup',
    ...colourDefinitions(body),
    `\\def\\probprecfont{\\fontsize{${options.fontSize}}{${Number((options.fontSize * 1.2).toFixed(2))}}\\selectfont}%`,
    ...(table.size === 0 ? [] : [`\\pgfplotstableread[col sep=comma]{${options.dataFile}}\\probprecdata`]),
  ];
  return { tex: `${[...head, body].join('\n')}\n`, csv: table.csv(), size: table.size };
}

function groupText({ columns, panels }: Drawn, texts: readonly string[], options: Frame): string[] {
  const { width, left, fontSize } = options;
  const rows = Math.ceil(panels.length / columns);
  const widest = Math.max(...panels.map((panel) => panel.width));
  const between = columns < 2 ? 0 : Math.max(fontSize, (width - left - columns * widest) / (columns - 1));
  const titles = Math.max(0, ...panels.map(({ title }) => title.length));
  const labels = Math.max(1, ...panels.map((panel) => titleLines(axisOf(panel, 'x').channel).length)) - 1;
  return [
    '\\begin{groupplot}[',
    `  group style={group size=${columns} by ${rows}, horizontal sep=${length(between)}, vertical sep=${length(fontSize * (4.6 + 1.3 * (titles + labels)))}},`,
    `  scale only axis, clip mode=individual, every axis plot/.append style={forget plot},`,
    `  grid=major, grid style={black!12}, axis line style={black!30}, tick style={black!30}, tick align=outside, tick pos=left,`,
    `  scaled ticks=false, tick label style={/pgf/number format/.cd, std=-4:6, precision=5, 1000 sep={\\,}, /tikz/.cd, text=${colourName(INK)}},`,
    `  label style={text=${colourName(INK)}, align=center}, max space between ticks=${Math.round(fontSize * 6)}, try min ticks=3,`,
    `  title style={at={(0,1)}, anchor=south west, align=left, font=\\probprecfont\\bfseries, inner xsep=0pt},`,
    ']',
    ...texts,
    '\\end{groupplot}',
  ];
}

function panelText(panel: Panel, prefix: string, table: DataTable, { fontSize }: TikzOptions): string {
  const [x, y] = [axisOf(panel, 'x'), axisOf(panel, 'y')];
  const isEmpty = panel.layers.every(({ encoding }) => encoding.x === undefined && encoding.y === undefined);
  const title = latexLines(panel.title);
  const keys = [
    ...(title === '' ? [] : [`title={${title}}`]),
    `width=${length(panel.width)}, height=${length(panel.height)}`,
    ...(isEmpty ? ['xmin=0, xmax=1, ymin=0, ymax=1, xtick=\\empty, ytick=\\empty'] : [...axisKeys(x), ...axisKeys(y)]),
  ];
  const plots = panel.layers.flatMap((layer, index) =>
    layerPlots(layer, String.fromCharCode(97 + index), { x, y, table, prefix, fontSize }),
  );
  return [`\\nextgroupplot[\n  ${keys.join(',\n  ')}]`, ...plots].join('\n');
}

/** The legend below the panels: a matrix, because a legend of pgfplots that several panels share takes
 * a second run of LaTeX; its cells are parted by a command, because an ampersand could stand in no argument of another one. */
function legendText({ entries, columns }: NonNullable<Drawn['legend']>, { fontSize }: TikzOptions): string[] {
  const rows = Array.from({ length: Math.ceil(entries.length / columns) }, (_, row) =>
    entries
      .slice(row * columns, (row + 1) * columns)
      .map(
        (entry) =>
          `${swatch(entry, fontSize)} \\pgfmatrixnextcell \\node[anchor=west, align=left] {${latexLines(entry.lines)}};`,
      )
      .join(' \\pgfmatrixnextcell '),
  );
  return [
    `\\matrix[anchor=north west, inner sep=0pt, row sep=2pt, column sep=3pt]`,
    `  at ([yshift=${length(-fontSize * 0.8)}]group c1r1.west |- current bounding box.south) {`,
    ...rows.map((row) => `  ${row} \\\\`),
    '};',
  ];
}

function swatch({ mark, colour, dash, shape }: LegendEntry, fontSize: number): string {
  const [wide, middle] = [length(fontSize * 2.4), length(fontSize * 1.2)];
  const name = colourName(colour ?? INK);
  const marker = (drawn: string) => {
    const keys = markerKeys(drawn, { filled: false, size: fontSize * fontSize * 0.35, strokeWidth: fontSize / 9 });
    return `\\draw[${name}] plot[${keys.join(', ')}] coordinates {(${middle},0)};`;
  };
  switch (mark) {
    case 'band':
      return `\\fill[${name}, opacity=0.2] (0,${length(-fontSize * 0.4)}) rectangle (${wide},${length(fontSize * 0.4)});`;
    case 'cross':
      return marker('diverged');
    case 'note':
      return '';
    default:
      return `\\draw[${[name, `line width=${length(fontSize / 6.5)}`, ...dashKeys(dash)].join(', ')}] (0,0) -- (${wide},0); ${marker(shape)}`;
  }
}

/** A panel's columns begin with its own letters. */
function letterOf(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : letterOf(Math.floor(index / 26) - 1) + last;
}
