/** A worker thread that says of which texts the digest is another one than they state (digest-thread.ts). */
import { parentPort } from 'node:worker_threads';
import { canonicalJson, type JsonValue, sha256Hex } from './canonical-json.js';
import type { SealedTexts } from './digest-thread.js';
import { textDigest } from './text-digest.js';

parentPort?.on('message', ({ bytes, texts }: SealedTexts) => {
  const room = Buffer.from(bytes);
  const wrong = texts.flatMap(([start, end, claimed], index) =>
    isSealed(room.toString('utf8', start, end), claimed) ? [] : [index],
  );
  parentPort?.postMessage([bytes, wrong], [bytes]);
});

/** By the text, else by its values, as a file is checked that is read alone. */
function isSealed(text: string, claimed: string): boolean {
  if (textDigest(text) === claimed) return true;
  const { content_digest: _, ...rest } = JSON.parse(text) as { readonly [key: string]: JsonValue };
  return sha256Hex(canonicalJson(rest)) === claimed;
}
