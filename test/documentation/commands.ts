import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A command of a document, with its place. */
export interface DocumentedCommand {
  /** `docs/tutorial.md:38` */
  readonly place: string;
  readonly line: string;
}

/** README and every page of docs/. */
export function documents(): string[] {
  return ['README.md', ...readdirSync(join(root, 'docs')).map((name) => join('docs', name))].filter((name) =>
    name.endsWith('.md'),
  );
}

/** The lines of a document that call probprec, in blocks of code; continued lines are joined, comments cut off. */
export function commandsOf(document: string): DocumentedCommand[] {
  const lines = readFileSync(join(root, document), 'utf8').split('\n');
  const found: DocumentedCommand[] = [];
  let fenced = false;
  for (let index = 0; index < lines.length; index++) {
    const start = index;
    if (lines[index]?.trimStart().startsWith('```')) fenced = !fenced;
    const code = fenced ? lines[index] : /^ {4,}(.*)/.exec(lines[index] ?? '')?.[1];
    if (!/^ *(?:\$ )?(?:npx )?probprec [a-z-]/.test(code ?? '')) continue;
    let line = lines[index] ?? '';
    while (line.endsWith('\\')) line = `${line.slice(0, -1)} ${(lines[++index] ?? '').trim()}`;
    found.push({
      place: `${document}:${start + 1}`,
      line: line
        .trim()
        .replace(/\s+#.*$/, '')
        .replace(/^\$ /, '')
        .replace(/^npx /, ''),
    });
  }
  return found;
}

/** A block of code by the language of its fence. */
export function blocksOf(document: string, language: string): string[] {
  const text = readFileSync(join(root, document), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, code]) => code ?? '');
}
