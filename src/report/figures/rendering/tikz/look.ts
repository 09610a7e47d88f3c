/** A colour by its name in the picture, which {@link colourNames} defines. */
export function colourName(colour: string): string {
  return `probprec${colour.slice(1).toUpperCase()}`;
}

/** Definitions of the colours that a picture names. */
export function colourDefinitions(picture: string): string[] {
  const names = new Set([...picture.matchAll(/\bprobprec([0-9A-F]{6})\b/g)].map(([, digits = '']) => digits));
  return [...names].map((digits) => `\\definecolor{probprec${digits}}{HTML}{${digits}}`);
}

/** A length in units: big points, 72 to the inch. */
export function length(units: number): string {
  return `${Number(units.toFixed(2))}bp`;
}

/** The key for these dashes; none for a solid line. */
export function dashKeys(dash: readonly number[]): string[] {
  if (dash.length === 0) return [];
  return [`dash pattern=${dash.map((units, index) => `${index % 2 === 0 ? 'on' : 'off'} ${length(units)}`).join(' ')}`];
}

/** Markers of pgfplots, filled ones with an asterisk, and how far they are turned. */
const MARKERS: Readonly<Record<string, { readonly mark: string; readonly turned?: number }>> = {
  circle: { mark: 'o' },
  square: { mark: 'square' },
  diamond: { mark: 'diamond' },
  'triangle-up': { mark: 'triangle' },
  'triangle-down': { mark: 'triangle', turned: 180 },
  'triangle-left': { mark: 'triangle', turned: 90 },
  'triangle-right': { mark: 'triangle', turned: 270 },
  cross: { mark: '+' },
};

/** Keys of a marker; a shape without a name is the cross of runs that diverged. */
export function markerKeys(
  shape: string,
  { filled, size, strokeWidth }: { readonly filled: boolean; readonly size: number; readonly strokeWidth: number },
): string[] {
  const { mark, turned } = MARKERS[shape] ?? { mark: 'x' };
  const solid = mark === 'o' ? '*' : `${mark}*`;
  const name = filled && mark !== '+' && mark !== 'x' ? solid : mark;
  const options = ['solid', `line width=${length(strokeWidth)}`, ...(turned === undefined ? [] : [`rotate=${turned}`])];
  // A size of the specification is an area, one of pgfplots a radius.
  return [`mark=${name}`, `mark size=${length(Math.sqrt(size) / 2)}`, `mark options={${options.join(', ')}}`];
}
