import { readFile } from 'node:fs/promises';
import type { LoadFnOutput, LoadHookContext, ResolveFnOutput, ResolveHookContext } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isTypeScript, stripTypes } from './strip-types.js';

/**
 * Module resolution hook: in a user's file, `import … from 'probprec'` means this copy of the library, wherever the file
 * lies and whatever is installed there. Two copies would not know each other's operations.
 */
export async function resolve(
  specifier: string,
  context: ResolveHookContext,
  nextResolve: (specifier: string, context?: Partial<ResolveHookContext>) => ResolveFnOutput | Promise<ResolveFnOutput>,
): Promise<ResolveFnOutput> {
  const isOurs = specifier === 'probprec' || specifier.startsWith('probprec/');
  // Seen from this file, the name is that of the package which the file is in.
  return nextResolve(specifier, isOurs ? { ...context, parentURL: import.meta.url } : context);
}

/** Module loading hook: TypeScript of users runs without its types, in every version of Node alike. */
export async function load(
  url: string,
  context: LoadHookContext,
  nextLoad: (url: string, context?: Partial<LoadHookContext>) => LoadFnOutput | Promise<LoadFnOutput>,
): Promise<LoadFnOutput> {
  const { protocol, pathname } = new URL(url);
  if (protocol !== 'file:' || !isTypeScript(pathname) || pathname.includes('/node_modules/')) {
    return nextLoad(url, context);
  }
  const path = fileURLToPath(url);
  return { format: 'module', source: stripTypes(await readFile(path, 'utf8'), path), shortCircuit: true };
}
