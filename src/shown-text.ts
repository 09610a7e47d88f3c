/**
 * Characters that change what a terminal or an editor shows instead of being shown: controls (C0, C1, DEL), line and
 * paragraph separators, overrides of the writing direction, and invisible format characters.
 */
export const UNSHOWN = /[\p{Cc}\p{Cf}\u2028\u2029]|\p{Cs}/u;

/** A text from a file as it may be shown: what would not be shown is written as \u{…}, and JSON's marks are around it. */
export function quotedName(text: string): string {
  return JSON.stringify(text).replace(new RegExp(UNSHOWN, 'gu'), escaped);
}

/** {@link quotedName} for a whole line (a path, a fault), which keeps its marks as they are. */
export function shownLine(text: string): string {
  return text.replace(new RegExp(UNSHOWN, 'gu'), escaped);
}

function escaped(letter: string): string {
  return `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`;
}
