import type { Scale } from '../experiment/experiment.js';

/** Options of `experiment` after parsing; what is absent was not given. */
export interface ExperimentOptions {
  readonly scale: Scale;
  readonly output?: string;
  readonly run?: boolean;
  readonly jobs?: number;
  readonly threads?: number;
  readonly dataDir?: string;
  readonly overwrite?: boolean;
  readonly quiet?: boolean;
  readonly debug?: boolean;
}
