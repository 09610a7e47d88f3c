import { transformSync } from '@swc/wasm-typescript';

/** Names of files whose types are taken out before they run. */
const TYPESCRIPT = /\.m?ts$/;

/** Whether a file is TypeScript that can be run as it is, by its name. */
export function isTypeScript(file: string): boolean {
  return TYPESCRIPT.test(file) && !/\.d\.m?ts$/.test(file);
}

/**
 * TypeScript as JavaScript: types become white space, so that lines and columns stay where they are, as Node 22.18 and newer
 * do it (with the same program). Throws SyntaxError with the line for what is no TypeScript, and for syntax that is more than
 * types: `enum`, `namespace` with values, parameter properties, `import x = require()`.
 */
export function stripTypes(text: string, file: string): string {
  try {
    return transformSync(text, { mode: 'strip-only', module: true, filename: file }).code;
  } catch (error) {
    const { message, startLine, code } = error as Readonly<Record<string, unknown>>;
    const what = String(message).split('\n')[0] ?? '';
    const line = typeof startLine === 'number' ? `:${startLine}` : '';
    const reason = code === 'UnsupportedSyntax' ? `${what}; only types that can be left out are` : what;
    throw new SyntaxError(`${file}${line}: ${reason}`);
  }
}
