import { UsageError } from '../failure.js';
import { quoted } from '../option-values.js';
import type { CompareCommandOptions } from '../result-options.js';

/** Refuses a label or caption that would break the document, or that the format has no place for. */
export function checkLatexNames({ format, label, caption }: CompareCommandOptions): void {
  for (const [name, value] of Object.entries({ label, caption })) {
    if (value !== undefined && format !== 'latex') {
      throw new UsageError({
        subject: `--${name}`,
        found: `--format ${format}`,
        expected: `latex, whose table has a ${name}`,
      });
    }
  }
  if (label !== undefined && !/^[A-Za-z0-9:._+/-]+$/.test(label)) {
    throw new UsageError({
      subject: '--label',
      found: quoted(label),
      expected: 'letters, digits and : . _ + / -, for instance tab:mnist',
    });
  }
  if (caption !== undefined && !hasClosedGroups(caption)) {
    throw new UsageError({
      subject: '--caption',
      found: quoted(caption),
      expected: 'LaTeX in one line whose braces close and without a comment',
    });
  }
}

/** Whether a piece of LaTeX ends where it began: every brace has its other half, and nothing comments out what follows. */
function hasClosedGroups(text: string): boolean {
  if (/[\r\n]/.test(text)) return false;
  let depth = 0;
  for (const letter of text.replace(/\\./gs, '')) {
    if (letter === '%') return false;
    if (letter === '{') depth++;
    if (letter === '}' && --depth < 0) return false;
  }
  return depth === 0 && !/(?:^|[^\\])(?:\\\\)*\\$/.test(text);
}
