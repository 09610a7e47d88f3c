import type { RunStatus } from '../results/index.js';

/** What a run tells the pool that started it, over the channel between the two processes. */
export type MessageToPool =
  | { readonly type: 'activity'; readonly text: string }
  | {
      readonly type: 'progress';
      /** The epoch that is being trained, from 1. */
      readonly epoch: number;
      readonly numEpochs: number;
      /** Null when it is not finite. */
      readonly loss: number | null;
      readonly secondsLeft: number | null;
    }
  | { readonly type: 'warning'; readonly message: string }
  /** Another process trains this run. */
  | { readonly type: 'held'; readonly message: string }
  | { readonly type: 'outcome'; readonly outcome: ReportedOutcome };

/** How a run ended, as far as the pool shows it; the run file has the rest. */
export interface ReportedOutcome {
  readonly state: RunStatus['state'];
  readonly epoch: number;
  readonly reason: string | null;
  readonly path: string;
  readonly alreadyComplete: boolean;
  readonly testLoss: number | null;
  readonly testAccuracy: number | null;
}

/** What the pool tells a run: to stop after its current step, as one Ctrl-C does. */
export type MessageToRun = { readonly type: 'interrupt' };
