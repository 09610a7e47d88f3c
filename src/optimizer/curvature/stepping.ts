import { at } from '../../expect.js';
import { count } from '../evaluation-counts.js';
import type { BatchFeeds } from '../training.js';
import { DriftMonitor } from './drift.js';
import { learningRateOf } from './learning-rates.js';
import type { StepsPhase } from './phases.js';
import { type FamilyContext, type Progress, standing } from './progress.js';

/** What one minibatch came to, and the phase of the next one. */
export interface Stepped {
  readonly loss: number;
  readonly phase: StepsPhase;
}

/** Phase 4: steps of the inner optimizer. */
export class Stepping {
  readonly #context: FamilyContext;
  readonly #progress: Progress;

  constructor(context: FamilyContext, progress: Progress) {
    this.#context = context;
    this.#progress = progress;
  }

  /** Takes one step, whose residual the drift chart sees. */
  async take(phase: StepsPhase, batch: BatchFeeds): Promise<Stepped> {
    const { settings, log } = this.#context;
    const { epoch, step } = this.#progress;
    const rates = phase.groups.map(({ alpha }) => learningRateOf(settings, epoch, alpha));
    const { loss, drift, phase: next } = await this.#taken(phase, rates, batch);
    if (settings.restart.kind !== 'drift') return { loss, phase: next };
    const monitor = new DriftMonitor(phase.drift);
    const signalled = monitor.add(at(drift, 0) - at(drift, 1));
    if (signalled) log.addDrift(step, monitor.statistic);
    return { loss, phase: { ...next, drift: monitor.state, signalled } };
  }

  /** Takes one step beside an estimation, with the step sizes of the phase's groups as they are. */
  async takeMeanwhile(phase: StepsPhase, batch: BatchFeeds): Promise<StepsPhase> {
    const rates = phase.groups.map(({ alpha }) => alpha);
    return (await this.#taken(phase, rates, batch)).phase;
  }

  async #taken(
    phase: StepsPhase,
    nominal: readonly number[],
    batch: BatchFeeds,
  ): Promise<Stepped & { readonly drift: readonly number[] }> {
    const { programs, rules } = this.#context;
    const progress = this.#progress;
    const { lrFactor, total } = progress;
    const t = phase.t + 1;
    const safeguard = await this.#guarded(phase, t, nominal, batch);
    const lr = nominal.map((rate) => rate * Math.min(lrFactor, safeguard?.factor ?? lrFactor));
    const given = { parameters: progress.parameters, network: progress.network, inner: phase.inner };
    const number = { t, total: total + 1 };
    const { carried, loss, drift, counts, logs } = await programs.steps.take(given, batch, number, { ...phase, lr });
    progress.parameters = carried.parameters;
    progress.network = carried.network;
    count(progress.evaluations, counts);
    rules.add(logs);
    return { loss, drift, phase: { ...phase, t, inner: carried.inner, safeguard } };
  }

  /** The safeguard before the t-th step: measured anew where that is due. */
  async #guarded(
    { safeguard: before, preconditioners }: StepsPhase,
    t: number,
    lr: readonly number[],
    batch: BatchFeeds,
  ): Promise<StepsPhase['safeguard']> {
    const { programs, log } = this.#context;
    const { evaluations, step, lrFactor } = this.#progress;
    const { safeguard } = programs;
    if (safeguard === null || before === null) return null;
    let state = before;
    if (safeguard.isDue(t)) {
      const feeds = { ...batch, ...standing(this.#context, this.#progress) };
      const found = await safeguard.measure(before, { preconditioners, lr }, feeds);
      count(evaluations, { gradients: 1, products: 1 });
      log.addSafeguardProduct(found.largest);
      state = found.state;
    }
    if (state.factor >= lrFactor) return state;
    log.addShortenedStep(step, state.factor, !state.shortened);
    return { ...state, shortened: true };
  }
}
