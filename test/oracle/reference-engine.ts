export {
  evaluate,
  kernels,
  openReferenceEngine,
  runProgram,
} from '../../src/engine/reference/engine.js';
