/** A Vega-Lite specification, as plain JSON. */
export type Spec = { readonly [key: string]: unknown };

/** A row of the data behind a figure, in long form. */
export type FigureRecord = Readonly<Record<string, string | number | null>>;

/** What a figure is drawn for: its size and the measures of its font. */
export interface Layout {
  /** Width of the whole figure in units; a unit is a point (1/72 inch) in print and a pixel on a screen. */
  readonly width: number;
  /** Width of one panel without its axis; chosen so that the whole figure has its width. */
  readonly panelWidth: number;
  readonly fontSize: number;
  /** Width of the legend; null leaves it out. */
  readonly legendWidth: number | null;
  /** Width of a text in units. */
  readonly measure: (text: string, fontSize: number) => number;
  /** Colours of text and lines of the frame, and of the grid. */
  readonly ink: string;
  readonly grid: string;
}

/** A figure: what it shows, the data behind it, and its drawing as a Vega-Lite specification. */
export interface Figure {
  readonly kind: string;
  readonly title: string;
  /** For readers who do not see it. */
  readonly description: string;
  /** Conditions and what a reader must know. */
  readonly caption: readonly string[];
  /** Everything that is drawn. */
  readonly records: readonly FigureRecord[];
  /** Panels that stand side by side at most. */
  readonly columns: (width: number) => number;
  readonly draw: (layout: Layout) => Spec;
}

/** The schema that the specifications follow. */
export const SCHEMA = 'https://vega.github.io/schema/vega-lite/v6.json';
