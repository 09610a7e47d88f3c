/**
 * Names and texts come from files of other people. Each format escapes what would be more than text in it: control
 * characters everywhere, formulas in CSV, markup in Markdown and LaTeX.
 */

/** C0 and C1 control characters, and those that change the direction of text, as escapes like \u001b. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\u061C\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A cell of a CSV file (RFC 4180). A text that a spreadsheet would take for a formula begins with an apostrophe. */
export function csvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = printable(String(value));
  const defused = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(defused) ? `"${defused.replaceAll('"', '""')}"` : defused;
}

/** Text in a line or a cell of Markdown: no emphasis, no HTML, no link, no cell border. */
export function markdownText(text: string): string {
  return printable(text)
    .replace(/[\\`*<>|~#&]/g, (letter) => `\\${letter}`)
    .replace(/\](?=[([:])/g, '\\]')
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_');
}

const LATEX: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '±': '$\\pm$',
  '×': '$\\times$',
  '≠': '$\\neq$',
  '−': '$-$',
  '–': '--',
  '’': "'",
  '…': '\\ldots{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': "''",
  '²': '$^2$',
  '₁': '$_1$',
  '‖': '$\\|$',
  α: '$\\alpha$',
  η: '$\\eta$',
  λ: '$\\lambda$',
  ρ: '$\\rho$',
  σ: '$\\sigma$',
  τ: '$\\tau$',
  ᵀ: '$^\\top$',
};

/**
 * Text in LaTeX, which every engine of LaTeX can set: letters that pdfLaTeX has no glyph for in its own fonts (beyond those of
 * Western Europe) are written as escapes like \u05e8, because one of them would stop the whole document.
 */
export function latexText(text: string): string {
  return printable(text).replace(/[\\~^<>|"&%$#_{}]|[^\x20-\x7e]/gu, (letter) => {
    const written = LATEX[letter];
    if (written !== undefined) return written;
    if (letter <= '~') return `\\${letter}`;
    if (/[À-ÖØ-öø-ÿ]/.test(letter) && !/[ÐÞðþ]/.test(letter)) return letter;
    const code = (letter.codePointAt(0) ?? 0).toString(16).padStart(4, '0');
    return `\\textbackslash{}u${letter.length > 1 ? `\\{${code}\\}` : code}`;
  });
}

/** Text at the start of a line of LaTeX: behind `\\\\` a bracket or an asterisk would belong to the end of the line before. */
export function latexLineStart(text: string): string {
  return `${/^\s*[[*]/.test(text) ? '{}' : ''}${latexText(text)}`;
}

/** Lines of text in LaTeX, one below the other. */
export function latexLines(texts: readonly string[]): string {
  return texts.map(latexLineStart).join(' \\\\ ');
}
