export type { EngineDescription } from './description.js';
export * from './engine.js';
export { describeEngines, engineNames, openEngine, resolveEngine } from './select.js';
