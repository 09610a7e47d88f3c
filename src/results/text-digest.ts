import { sha256Hex } from './canonical-json.js';
import { canonicalText } from './canonical-text.js';

/**
 * The digest of a content as its file's text states it, where that is quickly told, else null. Equal to the digest of the values in
 * every file that this program wrote and nobody changed; a difference says nothing.
 */
export function textDigest(text: string): string | null {
  const canonical = canonicalText(text, 'content_digest');
  return canonical === null ? null : sha256Hex(canonical);
}
