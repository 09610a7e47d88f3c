import { isAbsentOperator, probeError } from './failure.js';
import { OnnxGraph } from './graph.js';
import * as ort from './library.js';
import { probeSession } from './probe.js';

/**
 * Runs that write their outputs into memory of ours and nowhere else.
 *
 * onnxruntime-node (1.30) lets ONNX Runtime write an output straight into a tensor that the caller provides, and then copies
 * it all the same into a new one to return: for the parameters and buffers of a training step that costs more than their
 * update. An output of a kind that it cannot return, an empty sequence, makes it stop before the first copy, when the
 * graph has run and everything is written. The probe makes sure that this version does so; where it does not, outputs are
 * copied as usual.
 */

/** The output that is never returned; it must be the session's first. */
const UNRETURNABLE = 'unreturnable';
const REFUSAL = 'Non tensor type is temporarily not supported.';

/** Declares the output that makes a session's runs return nothing. */
export function returnNothing(graph: OnnxGraph): void {
  graph.outputEmptySequence(UNRETURNABLE);
}

/** Runs a session of a graph that returns nothing; the outputs are in the tensors of `fetches` afterwards. */
export async function runInPlace(
  session: ort.InferenceSession,
  feeds: Readonly<Record<string, ort.Tensor>>,
  fetches: Readonly<Record<string, ort.Tensor>>,
): Promise<void> {
  try {
    await session.run(feeds, { [UNRETURNABLE]: null, ...fetches });
  } catch (error) {
    if (!(error instanceof Error && error.message === REFUSAL)) throw error;
  }
}

async function probe(): Promise<boolean> {
  const graph = new OnnxGraph();
  graph.output('y', graph.add('Neg', [graph.input('x', [1], 'float')]), [1], 'float');
  returnNothing(graph);
  const session = await ort.InferenceSession.create(graph.serialize(), probeSession);
  const y = Float32Array.of(0);
  try {
    const x = new ort.Tensor('float32', Float32Array.of(3), [1]);
    await runInPlace(session, { x }, { y: new ort.Tensor('float32', y, [1]) });
  } finally {
    await session.release();
  }
  return y[0] === -3;
}

let works: Promise<boolean> | undefined;

/** Whether the installed onnxruntime-node can run in place. Throws EngineError where it cannot be found out. */
export function probeInPlace(): Promise<boolean> {
  works ??= probe().catch((error: unknown) => {
    if (isAbsentOperator(error)) return false;
    // What failed for want of a thread may work the next time.
    works = undefined;
    throw probeError('whether outputs can be written in place', error);
  });
  return works;
}
