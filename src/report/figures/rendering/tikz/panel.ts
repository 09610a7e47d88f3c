import type { Spec } from '../../figure.js';

/** A row of the data behind a layer. */
export type Row = Readonly<Record<string, unknown>>;

/** How a layer is placed, coloured or shaped by its data, as far as the figures of this project use it. */
export interface Channel {
  readonly field?: string;
  readonly type?: 'quantitative' | 'nominal';
  /** In one line or several. */
  readonly title?: string | readonly string[] | null;
  /** A place in units instead of a field: from the left, or from the top. */
  readonly value?: number | 'height' | 'width';
  readonly scale?: {
    readonly type?: 'linear' | 'log';
    readonly domain?: readonly (number | string)[];
    readonly range?: readonly unknown[];
  } | null;
  readonly axis?: {
    readonly values?: readonly number[];
    readonly format?: string;
    readonly orient?: string;
    readonly labelAngle?: number;
    readonly tickMinStep?: number;
  } | null;
}

/** How a layer looks. */
export interface Mark {
  readonly type: 'line' | 'area' | 'point' | 'circle' | 'rule' | 'rect' | 'tick' | 'text';
  readonly color?: string;
  readonly stroke?: string;
  readonly shape?: string;
  readonly opacity?: number;
  readonly strokeWidth?: number;
  readonly thickness?: number;
  readonly strokeDash?: readonly number[];
  readonly size?: number;
  readonly fontSize?: number;
  readonly filled?: boolean;
  readonly interpolate?: string;
  readonly yOffset?: number;
}

/** The channels of a layer. */
export type Encoding = Readonly<
  Partial<Record<'x' | 'x2' | 'y' | 'y2' | 'color' | 'strokeDash' | 'shape' | 'detail' | 'text', Channel>>
>;

/** A layer with the rows that it draws. */
export interface Layer {
  readonly mark: Mark;
  readonly encoding: Encoding;
  readonly rows: readonly Row[];
}

/** A panel of a figure. */
export interface Panel {
  readonly title: readonly string[];
  readonly width: number;
  readonly height: number;
  readonly layers: readonly Layer[];
}

/** An entry of the legend. */
export interface LegendEntry {
  readonly mark: string;
  readonly lines: readonly string[];
  readonly colour: string | null;
  readonly dash: readonly number[];
  readonly shape: string;
}

/** A drawn specification, as the writer of pgfplots reads it. */
export interface Drawn {
  readonly columns: number;
  readonly panels: readonly Panel[];
  readonly legend: { readonly entries: readonly LegendEntry[]; readonly columns: number } | null;
}

interface Filter {
  readonly field: string;
  readonly valid?: boolean;
  readonly equal?: unknown;
  readonly gt?: number;
}

interface LayerSpec {
  readonly data?: { readonly values: readonly Row[] };
  readonly transform?: readonly { readonly filter: Filter }[];
  readonly mark: Mark;
  readonly encoding: Encoding;
}

interface PanelSpec extends Partial<LayerSpec> {
  readonly name?: string;
  readonly title?: { readonly text: string | readonly string[] };
  readonly width: number;
  readonly height: number | { readonly step: number };
  readonly layer?: readonly LayerSpec[];
}

/**
 * Reads a specification that `assemble` has made: panels in rows of so many and the legend below. It knows what the figures of
 * this project use of Vega-Lite and nothing else.
 */
export function readDrawn(spec: Spec): Drawn {
  const parts = spec.vconcat as readonly [
    { readonly concat: readonly PanelSpec[]; readonly columns: number },
    PanelSpec | undefined,
  ];
  const [body, legend] = parts;
  return {
    columns: body.columns,
    panels: body.concat.map(panelOf),
    legend: legend === undefined ? null : legendOf(legend),
  };
}

function panelOf(spec: PanelSpec): Panel {
  const specs = spec.layer ?? (spec.mark && spec.encoding ? [{ mark: spec.mark, encoding: spec.encoding }] : []);
  const layers = specs.map(
    (layer: LayerSpec): Layer => ({
      mark: layer.mark,
      encoding: layer.encoding,
      rows: (layer.data ?? spec.data)?.values.filter((row) => passes(row, layer)) ?? [],
    }),
  );
  const text = spec.title?.text ?? [];
  const { height } = spec;
  return {
    title: typeof text === 'string' ? [text] : text,
    width: spec.width,
    height: typeof height === 'number' ? height : height.step * Math.max(1, categories(layers, 'y').length),
    layers,
  };
}

/** The names on an axis, in their order; none where it is one of numbers. */
export function categories(layers: readonly Layer[], axis: 'x' | 'y'): string[] {
  const channel = layers.map(({ encoding }) => encoding[axis]).find((own) => own?.type === 'nominal');
  return (channel?.scale?.domain ?? []).map(String);
}

function passes(row: Row, { transform = [] }: LayerSpec): boolean {
  return transform.every(({ filter: { field, valid, equal, gt } }) => {
    const value = row[field];
    if (valid !== undefined) return (value !== null && value !== undefined && !Number.isNaN(value)) === valid;
    return gt === undefined ? value === equal : Number(value) > gt;
  });
}

function legendOf({ layer = [] }: PanelSpec): NonNullable<Drawn['legend']> {
  const texts = layer.find(({ mark }) => mark.type === 'text')?.data?.values ?? [];
  const look = (key: string, channel: 'color' | 'strokeDash' | 'shape') => {
    const scale = layer.map(({ encoding }) => encoding[channel]?.scale).find((own) => own != null);
    return scale?.range?.[scale.domain?.indexOf(key) ?? -1];
  };
  const entries = texts.map(({ key, mark, label }): LegendEntry => {
    const ofSeries = mark === 'series' ? String(key) : '';
    return {
      mark: String(mark),
      lines: String(label).split('\n'),
      colour: (look(ofSeries, 'color') as string | undefined) ?? null,
      dash: (look(ofSeries, 'strokeDash') as readonly number[] | undefined) ?? [],
      shape: (look(ofSeries, 'shape') as string | undefined) ?? 'circle',
    };
  });
  return { entries, columns: new Set(texts.map(({ x }) => x)).size };
}
