export { engineNames } from './catalogue.js';
export { type CompiledFunction, compileFunction, feedsOf, placeholders } from './compile-function.js';
export { describeEngines, type MeasuredEngine } from './describe.js';
export type { EngineDescription } from './description.js';
export * from './engine.js';
export { checkEngine, openEngine, resolveEngine } from './select.js';
