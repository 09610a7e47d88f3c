import { describeEngines, type MeasuredEngine } from '../engine/index.js';
import { asFlag, faultText } from '../words.js';

/** The engines as the command line describes them: options that a reason names are called by their flags. */
export async function enginesInWords(options?: { readonly speed?: boolean }): Promise<MeasuredEngine[]> {
  return (await describeEngines(options)).map(({ fault, ...engine }) =>
    fault === undefined ? engine : { ...engine, reason: faultText(fault, asFlag) },
  );
}
