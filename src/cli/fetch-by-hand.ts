import { dirname, join } from 'node:path';
import type { PublishedFile } from '../dataset/index.js';

/** How to get files without `data fetch`, as text: URLs, sizes, checksums and the folder to put each into. */
export function byHand(files: readonly PublishedFile[], dataDir: string): string {
  const folders = new Set(files.map(({ path }) => dirname(path)));
  const sections = [...folders].map((folder) => {
    const own = files.filter(({ path }) => dirname(path) === folder);
    return [`into ${join(dataDir, folder)}`, ...own.flatMap(describe)].join('\n');
  });
  const what =
    'to fetch by hand, with a browser or on another machine (`probprec data verify` checks the files afterwards):';
  return [what, ...sections].join('\n');
}

function describe({ urls, size, md5 }: PublishedFile): string[] {
  const addresses = urls.map((url, i) => (i === 0 ? `  ${url}` : `    or ${url}`));
  return [...addresses, `    ${size.toLocaleString('en-US')} bytes, MD5 ${md5}`];
}
