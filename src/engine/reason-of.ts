import { ProbprecError } from '../errors.js';
import { asProperty, type Fault, faultText } from '../words.js';
import type { EngineDescription } from './description.js';

type Reason = Pick<EngineDescription, 'reason' | 'fault'>;

/** Why an engine cannot be used, by what its opening threw. */
export function reasonOf(error: unknown): Reason {
  if (error instanceof ProbprecError && error.fault !== null) return reasonOfFault(error.fault);
  return { reason: error instanceof Error ? error.message : String(error) };
}

/** Why an engine cannot be used, as data: it passes from process to process. */
export function reasonOfFault(fault: Fault): Reason {
  return { reason: faultText(fault, asProperty), fault };
}
