/**
 * The only way to ONNX Runtime: the first module switches its telemetry off and then loads it, since modules are evaluated in
 * the order of their imports. test/architecture.test.ts sees to it that nobody goes around.
 */
import './addon.js';

export * from 'onnxruntime-node';
