import { at } from '../../expect.js';
import type { Block } from './blocks.js';
import type { Score } from './estimators/prediction.js';
import type { FactorOrNot } from './factor.js';
import type { GroupEstimate } from './group-estimates.js';
import { isUsable } from './group-prior.js';
import type { Layers } from './layers.js';
import type { Estimate } from './observing.js';

/** What the run file keeps of one estimation. */
export interface EstimationRecord {
  /** The step of the epoch at which phase 4 began. */
  readonly step: number;
  /** α, w and λ as measured; `lr` is the inner optimizer's learning rate then, before the schedule's factor. */
  readonly groups: readonly {
    readonly name: string;
    readonly alpha: number | null;
    readonly w: number | null;
    readonly lambda: number | null;
    readonly lr: number;
    /** The step size off the preconditioner's directions, where the estimator measures it. */
    readonly complement?: number | null;
  }[];
  /** The largest singular values of B̂ of each block (a layer, or a group); null where it was left out. */
  readonly sigma: Readonly<Record<string, readonly (number | null)[] | null>>;
  /** Bounds of their errors, where the estimator has them. */
  readonly residuals?: Readonly<Record<string, readonly (number | null)[]>>;
  /** z-score of each observation of phase 2 under the posterior before it, where they are wanted. */
  readonly calibration?: Readonly<Record<string, readonly (number | null)[]>>;
  /** The share of the prior variance that the observations before it have left along each. */
  readonly remaining?: Readonly<Record<string, readonly (number | null)[]>>;
  /** Observations of this estimation, where their number depends on the noise or others are left of before. */
  readonly observations?: number;
  /** Observations beside these that were left of earlier estimations: the most of any layer. */
  readonly carried?: number;
  /** Seconds of each phase; of phase 4 up to the end of the epoch. */
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
  readonly event: 'step size not usable' | 'layer left out' | 'drift' | 'uncertain' | 'step shortened';
  /** The group or layer. */
  readonly where: string;
  readonly reason: string;
  readonly value: number | null;
}

/** No time spent yet. */
export function noSeconds(): PhaseSeconds {
  return { prior: 0, posterior: 0, low_rank: 0, steps: 0 };
}

/** What the safeguard did in an epoch. */
export interface SafeguardRecord {
  readonly products: number;
  /** Steps with a shorter learning rate than the estimate's. */
  readonly shortened: number;
  /** The largest curvature that it found, times the step length: above 2 a step is shortened. */
  readonly largest: number | null;
}

/** How the directions went on between estimations in an epoch. */
export interface UpdateRecord {
  readonly products: number;
  /** How often U and σ moved. */
  readonly sweeps: number;
  /** σ after the last time, of each block. */
  readonly sigma: Readonly<Record<string, readonly (number | null)[] | null>>;
}

/** What was collected of an epoch that is not over. */
export interface CollectedRecords {
  readonly estimations: readonly EstimationRecord[];
  readonly events: readonly EstimationEvent[];
  readonly safeguard?: SafeguardRecord | null;
  readonly updates?: UpdateRecord | null;
}

/** Collects what an epoch's entry in the run file says. */
export class EpochLog {
  readonly #layers: Layers;
  readonly #blocks: readonly Block[];
  #estimations: EstimationRecord[] = [];
  #events: EstimationEvent[] = [];
  #safeguard: SafeguardRecord | null = null;
  #updates: UpdateRecord | null = null;

  constructor(layers: Layers, blocks: readonly Block[]) {
    this.#layers = layers;
    this.#blocks = blocks;
  }

  /** An estimation is complete; phase 4 begins with this step. */
  addEstimation(
    step: number,
    { groups, factors, scores = [], used }: Estimate,
    seconds: PhaseSeconds,
    learningRate: (alpha: number) => number,
  ): void {
    const residuals = factors.flatMap((factor, index) => {
      const found = 'leftOut' in factor ? undefined : factor.residuals;
      return found === undefined ? [] : [[this.#blocks[index]?.name ?? '', found.map(finiteOrNull)] as const];
    });
    const scored = scores.flatMap((own, index) =>
      own === null ? [] : [{ name: this.#blocks[index]?.name ?? '', own }],
    );
    const ofScores = (of: (score: Score) => number) =>
      Object.fromEntries(scored.map(({ name, own }) => [name, own.map((score) => finiteOrNull(of(score)))]));
    this.#estimations.push({
      step,
      groups: groups.map(({ measured, alpha, complement }, index) => ({
        name: at(this.#layers.groups, index),
        alpha: finiteOrNull(measured.alpha),
        w: finiteOrNull(measured.w),
        lambda: finiteOrNull(measured.lambda),
        lr: learningRate(alpha),
        ...(complement === undefined ? {} : { complement: finiteOrNull(complement) }),
      })),
      sigma: this.#sigmaOf(factors),
      ...(residuals.length === 0 ? {} : { residuals: Object.fromEntries(residuals) }),
      ...(scored.length === 0
        ? {}
        : { calibration: ofScores(({ z }) => z), remaining: ofScores(({ remaining }) => remaining) }),
      ...used,
      seconds,
    });
  }

  #sigmaOf(factors: readonly FactorOrNot[]): EstimationRecord['sigma'] {
    const sigma = factors.map((factor, index) => [
      this.#blocks[index]?.name ?? '',
      'leftOut' in factor ? null : factor.sigma.map(finiteOrNull),
    ]);
    return Object.fromEntries(sigma);
  }

  /** Products between two estimations; with the last of a sweep the factors that they have led to. */
  addUpdate(products: number, factors: readonly FactorOrNot[] | null): void {
    const { products: before = 0, sweeps = 0, sigma = {} } = this.#updates ?? {};
    const moved = factors === null ? { sweeps, sigma } : { sweeps: sweeps + 1, sigma: this.#sigmaOf(factors) };
    this.#updates = { products: before + products, ...moved };
  }

  /** Groups whose step size another one stands in for. */
  addUnusable(step: number, groups: readonly GroupEstimate[]): void {
    for (const [index, { usable, measured, alpha }] of groups.entries()) {
      if (usable) continue;
      const vanishing = isUsable(measured) ? ' from a curvature that its scatter does not tell from zero' : '';
      const reason = `α = ${measured.alpha}${vanishing}: the step size is ${alpha}, and nothing is preconditioned`;
      const where = at(this.#layers.groups, index);
      this.#events.push({ step, event: 'step size not usable', where, reason, value: finiteOrNull(measured.alpha) });
    }
  }

  /** Layers without a factor in groups that have an estimate. */
  addLeftOut(step: number, groups: readonly GroupEstimate[], factors: readonly FactorOrNot[]): void {
    for (const [index, factor] of factors.entries()) {
      const block = this.#blocks[index];
      if (!('leftOut' in factor) || block === undefined || !groups[block.group]?.usable) continue;
      this.#events.push({ step, event: 'layer left out', where: block.name, reason: factor.leftOut, value: null });
    }
  }

  /** The drift chart signalled. */
  addDrift(step: number, statistic: number): void {
    const reason = 'the gradient departs from what the estimate predicts: the estimation restarts';
    this.#events.push({ step, event: 'drift', where: 'all', reason, value: statistic });
  }

  /** A gradient lies off what the posterior expects; null where there is no posterior. */
  addUncertain(step: number, statistic: number | null): void {
    const reason =
      statistic === null
        ? 'no layer has a posterior that could explain anything: the estimation restarts'
        : 'the gradient lies so many standard deviations off what the posterior expects: the estimation restarts';
    this.#events.push({ step, event: 'uncertain', where: 'all', reason, value: statistic });
  }

  /** The safeguard has measured. */
  addSafeguardProduct(largest: number): void {
    const { products = 0, shortened = 0, largest: before = null } = this.#safeguard ?? {};
    const most = Number.isFinite(largest) ? Math.max(largest, before ?? largest) : before;
    this.#safeguard = { products: products + 1, shortened, largest: most };
  }

  /** A step was shortened; `first` in its estimation. */
  addShortenedStep(step: number, factor: number, first: boolean): void {
    const { products = 0, shortened = 0, largest = null } = this.#safeguard ?? {};
    this.#safeguard = { products, shortened: shortened + 1, largest };
    if (!first) return;
    const reason =
      'the step length times the largest curvature exceeds 2: the learning rate is multiplied by the value';
    this.#events.push({ step, event: 'step shortened', where: 'all', reason, value: factor });
  }

  /** What a checkpoint within an epoch keeps. */
  get collected(): CollectedRecords {
    const { safeguard, updates } = { safeguard: this.#safeguard, updates: this.#updates };
    return { estimations: this.#estimations, events: this.#events, safeguard, ...(updates && { updates }) };
  }

  set collected({ estimations, events, safeguard, updates }: CollectedRecords) {
    this.#safeguard = safeguard ?? null;
    this.#updates = updates ?? null;
    this.#estimations = [...estimations];
    this.#events = [...events];
  }

  /** What was collected since the last call, as plain data. */
  take(epoch: number): Readonly<Record<string, unknown>> {
    const estimations = this.#estimations.map((record) => ({ ...record, seconds: { ...record.seconds } }));
    const safeguard = this.#safeguard === null ? {} : { safeguard: this.#safeguard };
    const updates = this.#updates === null ? {} : { updates: this.#updates };
    const entry = { epoch, estimations, events: this.#events, ...safeguard, ...updates };
    this.#estimations = [];
    this.#events = [];
    this.#safeguard = null;
    this.#updates = null;
    return entry;
  }
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
