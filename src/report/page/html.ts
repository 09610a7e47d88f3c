import { printable } from '../escape.js';
import { markupText } from '../figures/rendering/markup.js';

/** Text that is HTML already. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | null | undefined | Html | readonly Part[];

/**
 * HTML from a template: every value is text, with markup and control characters escaped, unless it is {@link Html} itself.
 * Attributes must stand in quotes.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Html {
  return new Html(strings.reduce((text, piece, index) => text + written(values[index - 1]) + piece));
}

function written(value: Part): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(written).join('');
  return markupText(printable(String(value)));
}

/** A whole page that needs no network and no other file; scripts run only where they are wanted. */
export function htmlDocument({
  title,
  version,
  style,
  scripted,
  body,
}: {
  readonly title: string;
  readonly version: string;
  readonly style: string;
  readonly scripted: boolean;
  readonly body: Html;
}): string {
  const scripts = scripted ? " script-src 'unsafe-inline' 'unsafe-eval';" : '';
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="probprec ${version}">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline';${new Html(scripts)} img-src data:">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
${body}
</body>
</html>
`.text;
}

/** JSON inside a script element: no text in it can end the element or begin a comment. */
export function embeddedJson(value: unknown): Html {
  return new Html(
    JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029'),
  );
}

/** A number begins a text, and no name or checksum that happens to begin with digits. */
const NUMBER = /^[−+-]?\[?[−+-]?[\d.]+(?:e[+-]?\d+)?(?![\da-z.])/i;

/** A table with a caption; texts only. Columns of numbers stand to the right. */
export function htmlTable({
  caption,
  head,
  rows,
  best = new Set(),
}: {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly {
    readonly cells: readonly (string | number | null)[];
    readonly key?: string;
    readonly problem?: string;
  }[];
  /** `row:column` of cells that are the best. */
  readonly best?: ReadonlySet<string>;
}): Html {
  const isNumber = (text: string | number | null) =>
    typeof text === 'number' || (NUMBER.test(text ?? '') && !/^\d+( \d+)+$/.test(text ?? ''));
  const right = head.map((_, column) =>
    rows.every(({ cells }) => isNumber(cells[column] ?? null) || (cells[column] ?? '-') === '-'),
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${head.map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>
${rows.map(
  ({ cells, key, problem }, row) =>
    html`<tr${key === undefined ? null : html` data-key="${key}"`}${problem === undefined ? null : html` data-problem="${problem}"`}>${cells.map(
      (cell, column) => {
        const text = best.has(`${row}:${column}`) ? html`<strong>${cell}</strong>` : html`${cell}`;
        if (column === 0) return html`<th scope="row">${text}</th>`;
        return right[column] === true ? html`<td class="number">${text}</td>` : html`<td>${text}</td>`;
      },
    )}</tr>
`,
)}</tbody></table></div>
`;
}
