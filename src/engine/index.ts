export * from './engine.js';
export { describeEngines, type EngineDescription, engineNames, openEngine, resolveEngine } from './select.js';
