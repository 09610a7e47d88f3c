/**
 * The only way to ONNX Runtime: its telemetry is off before it is loaded. Modules are evaluated in the order of their
 * imports, so the first of these two lines comes first. test/architecture.test.ts sees to it that nobody goes around.
 */
import './telemetry-off.js';

export * from 'onnxruntime-node';
