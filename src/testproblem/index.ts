export * from './initialisers.js';
export * from './layers.js';
export * from './losses.js';
export { loadTestProblem, testProblemNames } from './registry.js';
export * from './test-problem.js';
