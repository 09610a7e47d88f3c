/** What the run file keeps of one estimation. */
export interface EstimationRecord {
  /** The step of the epoch at which phase 4 began. */
  readonly step: number;
  readonly groups: readonly {
    readonly name: string;
    readonly alpha: number | null;
    readonly w: number | null;
    readonly lambda: number | null;
    /** The inner optimizer's learning rate, before the schedule's factor. */
    readonly lr: number;
  }[];
  /** The largest singular values of B̂ of each layer; null where the layer was left out. */
  readonly sigma: Readonly<Record<string, readonly number[] | null>>;
  /** Seconds of each phase in this epoch. */
  readonly seconds: PhaseSeconds;
}

/** Seconds of each phase. */
export interface PhaseSeconds {
  prior: number;
  posterior: number;
  low_rank: number;
  steps: number;
}

/** Something that did not go by the equations, or a restart. */
export interface EstimationEvent {
  /** The step of the epoch. */
  readonly step: number;
  readonly event: 'step size not usable' | 'layer left out' | 'drift';
  /** The group or layer. */
  readonly where: string;
  readonly reason: string;
  readonly value: number | null;
}

/** The number, or null where JSON has none for it. */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
