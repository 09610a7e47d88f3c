import { EngineError } from '../../errors.js';
import { option, say, type Words } from '../../words.js';

/** What ONNX Runtime says about an operator that this build of it does not know, or has no kernel for on this processor. */
const absent =
  /is not a registered function|no op registered for|could not find an implementation|failed to find kernel|kernel not found/i;

/** Whether the failure says that an operator does not exist here: the one reason to do without it. */
export function isAbsentOperator(error: unknown): boolean {
  return error instanceof Error && absent.test(error.message);
}

/** What the machine can lack, by what ONNX Runtime and the system say then. The first that matches counts. */
const shortages: readonly { readonly said: RegExp; readonly meaning: Words }[] = [
  {
    said: /pthread|std::system_error|std::thread|thread constructor|resource (temporarily )?unavailable/i,
    meaning: say`the system gives this process no further threads; use fewer ${option('threads')} or fewer runs at a time, or raise the limit (ulimit -u)`,
  },
  {
    said: /bad_?alloc|failed to allocate|allocation failed|out of memory|cannot allocate memory/i,
    meaning: say`the memory does not suffice; use a smaller ${option('batch_size')} or fewer runs at a time, or raise the limit (ulimit -v)`,
  },
];

/** The error of one line when the failure comes from a shortage of the machine; null for every other one. */
export function explainShortage(error: unknown): EngineError | null {
  if (!(error instanceof Error) || error instanceof EngineError) return null;
  const found = shortages.find(({ said }) => said.test(error.message));
  return found === undefined
    ? null
    : new EngineError({ subject: 'the onnxruntime engine', what: found.meaning }, { cause: error });
}

/** Throws the failure: as an error of one line where the machine is short of something, else as it is. */
export function rethrow(error: unknown): never {
  throw explainShortage(error) ?? error;
}

/** Why a probe could not find out what it is for: an EngineError of one line. Another way of computing would give other numbers. */
export function probeError(what: string, error: unknown): EngineError {
  const said = error instanceof Error ? (error.message.split('\n')[0] ?? error.name) : String(error);
  return (
    explainShortage(error) ??
    new EngineError(
      {
        subject: `the onnxruntime engine cannot determine ${what}`,
        what: said,
        remedy: 'run it again, or see probprec doctor',
      },
      {
        cause: error,
      },
    )
  );
}
