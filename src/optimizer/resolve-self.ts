import type { ResolveFnOutput, ResolveHookContext } from 'node:module';

/**
 * Module resolution hook: in a user's file, `import … from 'probprec'` means this copy of the library, wherever the file
 * lies and whatever is installed there. Two copies would not know each other's operations.
 */
export async function resolve(
  specifier: string,
  context: ResolveHookContext,
  nextResolve: (specifier: string, context?: Partial<ResolveHookContext>) => ResolveFnOutput | Promise<ResolveFnOutput>,
): Promise<ResolveFnOutput> {
  if (specifier !== 'probprec') return nextResolve(specifier, context);
  return { url: new URL('../index.js', import.meta.url).href, shortCircuit: true };
}
