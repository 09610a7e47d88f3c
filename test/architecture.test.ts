import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/**
 * The floors of the house, from the ground up (docs/architecture.md). A file imports only from its own folder or from a lower
 * floor; folders on one floor do not know each other.
 */
const FLOORS: readonly (readonly string[])[] = [
  [
    'decimal-number.ts',
    'distributions.ts',
    'expect.ts',
    'group-by.ts',
    'natural-order.ts',
    'names.ts',
    'process-identity.ts',
    'regular-file.ts',
    'seeds.ts',
    'shown-text.ts',
    'system-reasons.ts',
    'zod-expectation.ts',
  ],
  ['condition.ts', 'words.ts'],
  ['errors.ts'],
  ['bounded-by-cores.ts', 'make-folders.ts', 'name-settings.ts', 'temporary-name.ts', 'user-file'],
  ['temporary-files.ts'],
  ['linear-algebra', 'random', 'schedule', 'tensor'],
  ['engine', 'dataset'],
  ['testproblem'],
  ['curvature', 'run-options'],
  // An optimizer trains a symbolic test problem; a test problem knows no optimizer.
  ['optimizer', 'testproblems'],
  ['results'],
  ['run'],
  ['analysis'],
  ['check', 'landscape', 'sweep', 'timing'],
  ['report'],
  ['conformance', 'experiment'],
  ['library'],
  ['cli', 'index.ts'],
];

const root = fileURLToPath(new URL('..', import.meta.url));

interface Import {
  readonly from: string;
  readonly to: string;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name).split(sep).join('/'))
    .filter((name) => name.endsWith('.ts'));
}

/** The specifiers of static imports, re-exports and dynamic imports with a literal, comments left out. */
function specifiers(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const statements = code.matchAll(
    /^\s*(?:import|export)\b[^;'"`]*?\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]/gm,
  );
  const calls = code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g);
  return [...statements, ...calls].map((match) => match[1] ?? match[2] ?? '');
}

function importsOf(files: readonly string[]): Import[] {
  return files.flatMap((from) =>
    specifiers(readFileSync(join(root, from), 'utf8'))
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => ({
        from,
        to: normalize(join(dirname(from), specifier))
          .split(sep)
          .join('/')
          .replace(/\.js$/, '.ts'),
      })),
  );
}

/** The part of the house that a file belongs to: its folder in src/, its name when it lies in src/ itself, or testproblems. */
function partOf(file: string): string {
  const [top = '', second = ''] = file.split('/');
  return top === 'src' ? second : top;
}

function floorOf(part: string): number {
  return FLOORS.findIndex((floor) => floor.includes(part));
}

function violates({ from, to }: Import): boolean {
  const [source, target] = [partOf(from), partOf(to)];
  if (source === target && source !== 'testproblems') return false;
  // A test problem is a definition: it knows the vocabulary of definitions and what that is made of, nothing else.
  if (
    source === 'testproblems' &&
    !['testproblem', 'dataset', 'tensor', 'random', 'errors.ts', 'names.ts'].includes(target)
  )
    return true;
  // The command line and the library surface may import everything; they do not import each other.
  return floorOf(target) >= floorOf(source);
}

const files = [...sourceFiles('src'), ...sourceFiles('testproblems')];
const imports = importsOf(files);

describe('the import rules', () => {
  test('every source file belongs to a floor', () => {
    expect(files.filter((file) => floorOf(partOf(file)) < 0)).toEqual([]);
  });

  test('imports go down the floors', () => {
    expect(imports.filter(violates).map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  test('every relative import names a file', () => {
    const known = new Set(files);
    expect(imports.filter(({ to }) => !known.has(to)).map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  test('there are no circles', () => {
    expect(circles(imports)).toEqual([]);
  });

  test('an index file only re-exports', () => {
    const indexes = files.filter((file) => file.endsWith('/index.ts'));
    const offenders = indexes.filter((file) => {
      const code = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
      return code.replace(/^export (?:type )?(?:\*|\{[^}]*\}|\* as \w+) from '[^']+';$/gm, '').trim() !== '';
    });
    expect(offenders).toEqual([]);
  });
});

/** ONNX Runtime sends telemetry unless it is switched off before it is loaded: one module does both, and only it may. */
describe('the way to ONNX Runtime', () => {
  const library = ['onnxruntime', 'node'].join('-');
  const mentions = new RegExp(`['"\`]${library}(/[^'"\`]*)?['"\`]`, 'g');
  const programs = ['src', 'testproblems', 'scripts', 'test'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.[cm]?[jt]s$/.test(name))
      .map((name) => join(folder, name).split(sep).join('/')),
  );

  test('is one module with what it loads first; others read its package.json at most', () => {
    const found = programs.flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(mentions)].map(([, path = '']) => `${file} ${path}`.trim()),
    );
    expect(found.filter((mention) => !mention.endsWith(' /package.json')).sort()).toEqual([
      'src/engine/onnxruntime/addon.ts',
      'src/engine/onnxruntime/library.ts',
    ]);
  });

  test('switches the telemetry off first', () => {
    const text = readFileSync(join(root, 'src/engine/onnxruntime/library.ts'), 'utf8');
    expect(specifiers(text.replaceAll('export *', '\nexport *'))).toHaveLength(2);
    expect(text).toContain("import './addon.js'");
    expect(text.indexOf("import './addon.js'")).toBeLessThan(text.indexOf(`from '${library}'`));
    const addon = readFileSync(join(root, 'src/engine/onnxruntime/addon.ts'), 'utf8');
    expect(addon).toMatch(new RegExp(`\\ndisableTelemetry\\(\\);\\n[^]*\\('${library}'\\);\\n$`));
  });
});

describe('the rules themselves', () => {
  test('find upward and sideways imports, and let downward ones pass', () => {
    const wrong = (from: string, to: string) => violates({ from, to });
    expect(wrong('src/tensor/a.ts', 'src/engine/b.ts')).toBe(true);
    expect(wrong('src/testproblem/a.ts', 'src/optimizer/b.ts')).toBe(true);
    expect(wrong('src/analysis/a.ts', 'src/sweep/b.ts')).toBe(true);
    expect(wrong('src/timing/a.ts', 'src/sweep/b.ts')).toBe(true);
    expect(wrong('src/results/a.ts', 'src/run/b.ts')).toBe(true);
    expect(wrong('testproblems/a.ts', 'src/engine/b.ts')).toBe(true);
    expect(wrong('testproblems/a.ts', 'testproblems/b.ts')).toBe(true);
    expect(wrong('src/run/a.ts', 'src/results/b.ts')).toBe(false);
    expect(wrong('testproblems/a.ts', 'src/testproblem/index.ts')).toBe(false);
    expect(wrong('src/cli/commands/a.ts', 'src/errors.ts')).toBe(false);
  });

  test('read every form of import', () => {
    const text = `import a from './a.js';\nimport {\n  b,\n  type C,\n} from './b.js';\nexport * from './c.js';
      // import x from './x.js';\nimport './d.js';\nconst e = await import('./e.js');\nimport type { F } from './f.js';`;
    expect(specifiers(text).sort()).toEqual(['./a.js', './b.js', './c.js', './d.js', './e.js', './f.js']);
  });

  test('find a circle', () => {
    const edges = ['ab', 'bc', 'ca', 'cd'].map(([from = '', to = '']) => ({ from, to }));
    expect(circles(edges)).toEqual(['a → b → c → a']);
  });
});

/** Circles among the imports, each once, as `a → b → a`. */
function circles(edges: readonly Import[]): string[] {
  const targets = new Map<string, Import[]>();
  for (const edge of edges) targets.set(edge.from, [...(targets.get(edge.from) ?? []), edge]);
  const found: string[] = [];
  const finished = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(' → '));
    if (finished.has(file) || path.includes(file)) return;
    for (const { to } of targets.get(file) ?? []) visit(to, [...path, file]);
    finished.add(file);
  };
  for (const file of targets.keys()) visit(file, []);
  return found;
}
