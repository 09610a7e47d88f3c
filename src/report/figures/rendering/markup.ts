const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text in HTML, SVG or an attribute of them: nothing in it is more than text. Halves of surrogate pairs are replaced. */
export function markupText(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => ENTITIES[letter] ?? letter).replace(/\p{Cs}/gu, '\ufffd');
}
