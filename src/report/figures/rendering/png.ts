import { Resvg } from '@resvg/resvg-js';
import { FONT_FAMILY, fontFiles } from './font.js';

const font = () => ({ fontFiles: fontFiles(), loadSystemFonts: false, defaultFontFamily: FONT_FAMILY });

/** A PNG picture of an SVG drawing, on white, `scale` pixels for each unit. */
export function toPng(svg: string, scale: number): Uint8Array {
  return new Resvg(svg, { font: font(), background: 'white', fitTo: { mode: 'zoom', value: scale } }).render().asPng();
}

/** The drawing with its texts as outlines: paths and groups only, so that it needs no font where it is shown. */
export function withOutlines(svg: string): string {
  return new Resvg(svg, { font: font() }).toString();
}
