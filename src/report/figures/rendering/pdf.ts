import { deflateSync } from 'node:zlib';

type Attributes = Readonly<Record<string, string>>;

interface Element {
  readonly name: string;
  readonly attributes: Attributes;
  readonly children: Element[];
}

/** What a drawing in PDF has besides its picture. */
interface PdfOptions {
  /** Size in points. */
  readonly width: number;
  readonly height: number;
  readonly title: string;
}

/**
 * A page of vector graphics from a drawing that `withOutlines` has normalised: groups with transforms, opacities and clips,
 * and absolute paths, nothing else (ISO 32000-1, 8.5). Texts are outlines, so that there is no font to embed. The same
 * drawing gives the same bytes.
 */
export function toPdf(normalisedSvg: string, { width, height, title }: PdfOptions): Uint8Array {
  const root = parse(normalisedSvg);
  const page = new Page();
  const [, , boxWidth = width, boxHeight = height] = (root.attributes.viewBox ?? '').split(' ').map(Number);
  page.write(`${number(width / boxWidth)} 0 0 ${number(-height / boxHeight)} 0 ${number(height)} cm`);
  page.draw(root, clipsOf(root), 1);
  return assembled(page, { width, height, title });
}

/** Collects the operators of a page and the opacities that they name. */
class Page {
  readonly lines: string[] = [];
  readonly opacities: string[] = [];

  write(line: string): void {
    this.lines.push(line);
  }

  draw({ name, attributes, children }: Element, clips: ReadonlyMap<string, string>, opacity: number): void {
    if (name === 'defs' || attributes.visibility === 'hidden') return;
    if (name === 'path') {
      this.#path(attributes, opacity);
      return;
    }
    const own = opacity * Number(attributes.opacity ?? 1);
    this.write('q');
    if (attributes.transform !== undefined) this.write(`${numbers(attributes.transform).map(number).join(' ')} cm`);
    const [, clip] = /^url\(#(.+)\)$/.exec(attributes['clip-path'] ?? '') ?? [];
    const outline = clip === undefined ? undefined : clips.get(clip);
    if (outline !== undefined) this.write(`${pathOperators(outline)} W n`);
    for (const child of children) this.draw(child, clips, own);
    this.write('Q');
  }

  #path(attributes: Attributes, opacity: number): void {
    const fill = colour(attributes.fill ?? '#000000');
    const stroke = colour(attributes.stroke ?? 'none');
    if (fill === null && stroke === null) return;
    this.write('q');
    if (attributes.transform !== undefined) this.write(`${numbers(attributes.transform).map(number).join(' ')} cm`);
    const fillOpacity = opacity * Number(attributes['fill-opacity'] ?? 1);
    const strokeOpacity = opacity * Number(attributes['stroke-opacity'] ?? 1);
    if (fillOpacity < 1 || strokeOpacity < 1) this.write(`/${this.#opacity(fillOpacity, strokeOpacity)} gs`);
    if (fill !== null) this.write(`${fill} rg`);
    if (stroke !== null) {
      this.write(`${stroke} RG ${number(Number(attributes['stroke-width'] ?? 1))} w`);
      this.write(
        `${CAPS.indexOf(attributes['stroke-linecap'] ?? 'butt')} J ${JOINS.indexOf(attributes['stroke-linejoin'] ?? 'miter')} j`,
      );
      const dashes = numbers(attributes['stroke-dasharray'] ?? '');
      if (dashes.length > 0)
        this.write(`[${dashes.map(number).join(' ')}] ${number(Number(attributes['stroke-dashoffset'] ?? 0))} d`);
    }
    const evenOdd = attributes['fill-rule'] === 'evenodd' ? '*' : '';
    const paint = fill === null ? 'S' : stroke === null ? `f${evenOdd}` : `B${evenOdd}`;
    this.write(`${pathOperators(attributes.d ?? '')} ${paint}`);
    this.write('Q');
  }

  #opacity(fill: number, stroke: number): string {
    const state = `/ca ${number(fill)} /CA ${number(stroke)}`;
    if (!this.opacities.includes(state)) this.opacities.push(state);
    return `A${this.opacities.indexOf(state)}`;
  }
}

const CAPS = ['butt', 'round', 'square'];
const JOINS = ['miter', 'round', 'bevel'];

function assembled({ lines, opacities }: Page, { width, height, title }: PdfOptions): Uint8Array {
  const content = deflateSync(Buffer.from(lines.join('\n')), { level: 9 });
  const states = opacities.map((state, index) => `/A${index} << ${state} >>`).join(' ');
  const objects: (string | Buffer)[][] = [
    ['<< /Type /Catalog /Pages 2 0 R >>'],
    ['<< /Type /Pages /Kids [3 0 R] /Count 1 >>'],
    [
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${number(width)} ${number(height)}] /Contents 4 0 R /Resources << /ExtGState << ${states} >> >> >>`,
    ],
    [`<< /Length ${content.length} /Filter /FlateDecode >>\nstream\n`, content, '\nendstream'],
    [`<< /Title <FEFF${Buffer.from(title, 'utf16le').swap16().toString('hex').toUpperCase()}> /Producer (probprec) >>`],
  ];
  const parts: Buffer[] = [];
  const offsets: number[] = [];
  let length = 0;
  const add = (part: string | Buffer) => {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'latin1') : part;
    parts.push(bytes);
    length += bytes.length;
  };
  add('%PDF-1.4\n%\u00e2\u00e3\u00cf\u00d3\n');
  for (const [index, object] of objects.entries()) {
    offsets.push(length);
    add(`${index + 1} 0 obj\n`);
    for (const part of object) add(part);
    add('\nendobj\n');
  }
  const start = length;
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  add(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${entries}`);
  add(`trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info 5 0 R >>\nstartxref\n${start}\n%%EOF\n`);
  return Buffer.concat(parts);
}

/** The elements of a normalised drawing; it has no texts, comments or entities between them. */
function parse(svg: string): Element {
  const document: Element = { name: '', attributes: {}, children: [] };
  const open = [document];
  for (const [, end, name = '', text = '', empty] of svg.matchAll(
    /<(\/?)([\w:]+)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>/g,
  )) {
    if (end === '/') {
      open.pop();
      continue;
    }
    const attributes = Object.fromEntries(
      [...text.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]),
    );
    const element: Element = { name, attributes, children: [] };
    open.at(-1)?.children.push(element);
    if (empty !== '/') open.push(element);
  }
  const [root] = document.children;
  if (root?.name !== 'svg') throw new Error('defect: the drawing is no SVG');
  return root;
}

/** Outlines of the clips, by their names. */
function clipsOf(root: Element): Map<string, string> {
  const definitions = root.children.filter(({ name }) => name === 'defs').flatMap(({ children }) => children);
  return new Map(
    definitions
      .filter(({ name }) => name === 'clipPath')
      .map(({ attributes, children }) => [
        attributes.id ?? '',
        children.map((child) => child.attributes.d ?? '').join(' '),
      ]),
  );
}

/** Absolute M, L, Q, C and Z as operators of a page; a quadratic curve as the cubic one that equals it. */
function pathOperators(data: string): string {
  const operators: string[] = [];
  let [x, y] = [0, 0];
  for (const [, command = '', text = ''] of data.matchAll(/([MLQCZ])([^MLQCZ]*)/g)) {
    const at = numbers(text);
    const [a = 0, b = 0, c = 0, d = 0] = at;
    switch (command) {
      case 'M':
        operators.push(`${number(a)} ${number(b)} m`);
        break;
      case 'L':
        operators.push(`${number(a)} ${number(b)} l`);
        break;
      case 'Q': {
        const first = [x + (2 / 3) * (a - x), y + (2 / 3) * (b - y)];
        const second = [c + (2 / 3) * (a - c), d + (2 / 3) * (b - d)];
        operators.push(`${[...first, ...second, c, d].map(number).join(' ')} c`);
        break;
      }
      case 'C':
        operators.push(`${at.map(number).join(' ')} c`);
        break;
      case 'Z':
        operators.push('h');
    }
    [x = x, y = y] = at.slice(-2);
  }
  return operators.join(' ');
}

function numbers(text: string): number[] {
  return (text.match(/-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/gi) ?? []).map(Number);
}

/** A number as PDF writes it: no exponent. */
function number(value: number): string {
  return String(Number(value.toFixed(4)));
}

/** Red, green and blue from 0 to 1; null for none. Gradients have no place in these figures. */
function colour(text: string): string | null {
  const [, red, green, blue] = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text) ?? [];
  if (red === undefined || green === undefined || blue === undefined) return null;
  return [red, green, blue].map((part) => number(Number.parseInt(part, 16) / 255)).join(' ');
}
