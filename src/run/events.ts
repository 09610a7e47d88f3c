import type { Phase } from '../dataset/index.js';
import type { RunConfiguration, RunStatus } from '../results/index.js';

/** Means over an evaluated set; the loss includes the L2 term. */
export interface Measurement {
  readonly loss: number;
  readonly accuracy: number | null;
  /** Further quantities that the test problem reports; absent where there are none. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** What a run tells while it goes on. */
export type RunEvent =
  | { readonly type: 'dataset'; readonly message: string }
  /** What the user may want to know before the training, and nothing is wrong with. */
  | { readonly type: 'note'; readonly message: string }
  | {
      readonly type: 'start';
      readonly configuration: RunConfiguration;
      readonly stepsPerEpoch: number;
      /** Threads of the engine. */
      readonly threads: number;
      /** Finished epochs of the checkpoint that the run goes on from; null where it starts from the beginning. */
      readonly resumedFromEpoch: number | null;
      /** Steps of the epoch after these, where the checkpoint was written within one. */
      readonly resumedFromStep: number | null;
      /** The kept end of the run of fewer epochs that this one goes on from; null where it does not. */
      readonly extendsRun: string | null;
      readonly path: string;
      readonly verifiedData: boolean;
    }
  | { readonly type: 'compiled'; readonly seconds: number }
  | {
      readonly type: 'evaluating';
      /** Epochs that are trained. */
      readonly epoch: number;
      readonly numEpochs: number;
      /** The set that is measured now. */
      readonly phase: Phase;
      /** To the end of the run; NaN while nobody can know. */
      readonly secondsLeft: number;
    }
  | {
      readonly type: 'evaluation';
      readonly epoch: number;
      readonly numEpochs: number;
      readonly results: Readonly<Record<Phase, Measurement>>;
      readonly seconds: number;
    }
  | {
      readonly type: 'step';
      readonly epoch: number;
      readonly step: number;
      readonly stepsPerEpoch: number;
      readonly numEpochs: number;
      readonly loss: number;
      readonly stepsPerSecond: number;
      readonly secondsLeft: number;
      /** What the optimizer says about itself, for instance its step size. */
      readonly note: string | null;
    }
  | { readonly type: 'epoch'; readonly epoch: number; readonly wallSeconds: number; readonly cpuSeconds: number }
  | { readonly type: 'keeping'; readonly files: number; readonly bytesEach: number }
  | { readonly type: 'parameters'; readonly epoch: number; readonly path: string; readonly bytes: number }
  /** `step`: of the epoch after that, where one is under way. */
  | {
      /** What the optimizer reported of an epoch. */
      readonly type: 'log';
      /** From 0. */
      readonly epoch: number;
      readonly entry: Readonly<Record<string, unknown>>;
    }
  | { readonly type: 'checkpoint'; readonly path: string; readonly epoch: number; readonly step: number | null }
  | { readonly type: 'warning'; readonly message: string }
  | {
      readonly type: 'end';
      readonly status: RunStatus['state'];
      readonly path: string;
      readonly reason: string | null;
    };
