import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Figure, Layout, Spec } from '../figure.js';
import { measureText } from './font.js';

/** How large a figure is drawn, and in which colours. */
export interface DrawingOptions {
  /** Width in units. */
  readonly width: number;
  readonly fontSize: number;
  readonly ink?: string;
  readonly grid?: string;
}

/** A figure as SVG, with the specification that it was drawn from. */
export interface Drawing {
  readonly svg: string;
  readonly spec: Spec;
  /** Size in units. */
  readonly width: number;
  readonly height: number;
  /** Where the leftmost panel begins. */
  readonly left: number;
}

/** Of texts and frames on paper. */
export const INK = '#222222';

const MOST_TRIES = 6;

/**
 * Draws a figure in its width, without a browser. What axes and titles need is known only when they are drawn, so the frame is
 * drawn first, without its data, and the whole again until it fits.
 */
export async function drawFigure(figure: Figure, options: DrawingOptions): Promise<Drawing> {
  const { width, fontSize, ink = INK, grid = '#cccccc' } = options;
  const columns = figure.columns(width);
  const layoutOf = (panelWidth: number, legendWidth: number | null): Layout => ({
    width,
    panelWidth,
    legendWidth,
    fontSize,
    measure: measureText,
    ink,
    grid,
  });
  const narrowest = fontSize * 4;
  const legendBeside = (left: number) => Math.max(fontSize * 8, width - left - fontSize * 0.6);
  const first = Math.max(narrowest, width / columns - fontSize * 6);
  const frame = await drawSpec(withoutData(withoutVegasNames(figure.draw(layoutOf(first, null)))));
  let { left } = frame;
  let panelWidth = Math.max(narrowest, first - (frame.width - width) / columns);
  for (let tries = 1; ; tries++) {
    const spec = withoutVegasNames(figure.draw(layoutOf(panelWidth, legendBeside(left))));
    const drawn = await drawSpec(spec);
    const excess = drawn.width - width;
    const narrower = Math.max(narrowest, panelWidth - excess / columns);
    const fits = excess < 1 && excess > -fontSize && Math.abs(drawn.left - left) < fontSize * 0.3;
    if (fits || tries === MOST_TRIES || (narrower === panelWidth && drawn.left === left)) return { spec, ...drawn };
    [panelWidth, left] = [narrower, drawn.left];
  }
}

/** The panels with their axes and titles, and with as little data as they need to be drawn. */
function withoutData(spec: Spec): Spec {
  const few = (value: unknown, key = ''): unknown => {
    if (Array.isArray(value)) return value.map((own) => few(own));
    if (typeof value !== 'object' || value === null) return value;
    if (key === 'data' && 'values' in value && Array.isArray(value.values)) return { values: value.values.slice(0, 1) };
    return Object.fromEntries(Object.entries(value).map(([name, own]) => [name, few(own, name)]));
  };
  return few(spec) as Spec;
}

/**
 * A specification whose texts Vega takes for texts: one like `constructor`, the name of a member that every object has, it takes for a
 * signal that is nowhere defined, and draws nothing. A space behind it keeps the two apart.
 */
function withoutVegasNames<Part>(part: Part): Part {
  if (typeof part === 'string') return (part in Object.prototype ? `${part} ` : part) as Part;
  if (typeof part !== 'object' || part === null) return part;
  if (Array.isArray(part)) return part.map(withoutVegasNames) as Part;
  return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, withoutVegasNames(value)])) as Part;
}

/** Vega counts the clips of all its drawings; the same figure must give the same file. */
function renumbered(svg: string): string {
  const numbers = new Map<string, number>();
  return svg.replaceAll(/(\sid="|url\(#)(clip|gradient_?)(\d+)/g, (_, start: string, kind: string, number: string) => {
    const key = `${kind}${number}`;
    const own = numbers.get(key) ?? numbers.size;
    numbers.set(key, own);
    return `${start}${kind}${own}`;
  });
}

interface TextItem {
  readonly fontSize?: number;
  readonly fontWeight?: string | number;
}

/** Vega's own measures of text need a canvas; this part of its interface is in no type. */
const withMetrics = vega as unknown as { textMetrics: { width: typeof textWidth } };

function textWidth({ fontSize = 11, fontWeight }: TextItem, text: unknown): number {
  const bold = fontWeight === 'bold' || Number(fontWeight) >= 600;
  return measureText(String(text ?? ''), fontSize) * (bold ? 1.12 : 1);
}

/** A Vega-Lite specification as SVG, its size, and where its leftmost panel begins. */
export async function drawSpec(spec: Spec): Promise<Omit<Drawing, 'spec'>> {
  withMetrics.textMetrics.width = textWidth;
  const { spec: compiled } = compile(spec as unknown as TopLevelSpec, { logger: vega.logger(vega.Error) });
  const faults: unknown[] = [];
  const logger = vega.logger(vega.Error);
  logger.error = (...messages: readonly unknown[]) => {
    faults.push(...messages);
    return logger;
  };
  const view = new vega.View(vega.parse(compiled), { renderer: 'none', logger });
  try {
    const svg = renumbered(await view.toSVG());
    // Vega goes on after an error, with half of a picture.
    if (faults.length > 0) throw faults[0] instanceof Error ? faults[0] : new Error(String(faults[0]));
    const [, width = '0', height = '0'] = /^<svg[^>]* width="([\d.]+)" height="([\d.]+)"/.exec(svg) ?? [];
    const [origin = 0] = view.origin();
    const left = origin + leftOf((view.scenegraph() as unknown as { root: SceneMark }).root);
    return { svg, width: Number(width), height: Number(height), left };
  } finally {
    view.finalize();
  }
}

/** What is read of Vega's scene: marks, groups of them, and where the groups stand. */
interface SceneMark {
  readonly marktype?: string;
  readonly role?: string;
  readonly items?: readonly { readonly x?: number; readonly items?: readonly SceneMark[] }[];
}

/** Where the leftmost panel begins: panels are the innermost groups of concatenations. */
function leftOf(mark: SceneMark): number {
  const lefts = (mark.items ?? []).map(({ x = 0, items = [] }) => {
    const inner = items.filter(({ marktype, role }) => marktype === 'group' && role === 'scope');
    return x + (inner.length === 0 ? 0 : Math.min(...inner.map(leftOf)));
  });
  return lefts.length === 0 ? 0 : Math.min(...lefts);
}
