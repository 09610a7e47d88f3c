export { evaluate, kernels, openReferenceEngine, ReferenceEngine, runProgram } from '../../src/engine/reference/engine.js';
