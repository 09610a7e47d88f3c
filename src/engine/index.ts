export { engineNames } from './catalogue.js';
export { type CompiledFunction, compileFunction, feedsOf, placeholders } from './compile-function.js';
export { describeEngines, type MeasuredEngine } from './describe.js';
export type { EngineDescription } from './description.js';
export { differingDetails } from './details.js';
export * from './engine.js';
export { checkEngine, checkThreads, openEngine, resolveEngine, workingDirectoryCode } from './select.js';
