import { at, present } from '../../expect.js';
import { count } from '../evaluation-counts.js';
import type { BatchFeeds } from '../training.js';
import { DriftMonitor } from './drift.js';
import { departureOf } from './expectation.js';
import { learningRateOf, scaledTo } from './learning-rates.js';
import type { StepsPhase } from './phases.js';
import { type FamilyContext, type Progress, standing } from './progress.js';
import { scalings } from './scaling.js';
import { departures } from './uncertainty.js';
import { uncertaintyChart, withDeparture } from './uncertainty-chart.js';

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

  /** Takes one step, whose gradient the chart of the restart's rule sees. */
  async take(given: StepsPhase, batch: BatchFeeds): Promise<Stepped> {
    const phase = await this.#tracked(given, batch);
    const { settings, log } = this.#context;
    const { epoch, step } = this.#progress;
    const rates = phase.groups.map(({ alpha }) => learningRateOf(settings, epoch, alpha));
    if (settings.restart.kind === 'uncertain') return this.#watched(phase, rates, batch, settings.restart.deviations);
    const { loss, measured: drift, phase: next } = await this.#taken(phase, rates, batch);
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

  /** The phase with its directions kept up to date, where a product is due before the next step. */
  async #tracked(phase: StepsPhase, batch: BatchFeeds): Promise<StepsPhase> {
    const { settings, programs, log } = this.#context;
    const { evaluations, epoch } = this.#progress;
    const tracking = programs.observing?.tracking;
    const { updateInterval } = settings;
    if (tracking === undefined || updateInterval === null || phase.tracked == null) return phase;
    if ((phase.t + 1) % updateInterval !== 0 || phase.tracked.every((space) => space === null)) return phase;
    const feeds = { ...batch, ...standing(this.#context, this.#progress) };
    const { state: tracked, factors, counts } = await tracking.use(phase.tracked, feeds);
    count(evaluations, counts);
    log.addUpdate(counts.products ?? 0, factors);
    if (factors === null) return { ...phase, tracked };
    const scaled = scaledTo(settings, epoch, phase.groups);
    const preconditioners = programs.steps.preconditioners(factors, scaled, scalings[settings.scaling]);
    return { ...phase, tracked, preconditioners };
  }

  /** A step whose gradient is compared with what the posterior expects of it. */
  async #watched(phase: StepsPhase, rates: readonly number[], batch: BatchFeeds, limit: number): Promise<Stepped> {
    const { layers, log, programs } = this.#context;
    const watching = present(programs.watching, 'the program that compares gradients');
    const { step, parameters } = this.#progress;
    const watch = await watching.follow(phase.watch ?? watching.begin(layers.list.map(() => null)), parameters);
    const { loss, measured, phase: next } = await this.#taken({ ...phase, watch }, rates, batch);
    if (watch.expectations.every((own) => own === null)) {
      const signalled = next.t >= uncertaintyChart.calibration;
      if (signalled) log.addUncertain(step, null);
      return { loss, phase: { ...next, signalled } };
    }
    const departure = departureOf(watch.expectations, departures(measured, layers.list, watching.columns));
    const { state: chart, statistic } = withDeparture(watch.chart, departure);
    const signalled = Math.abs(statistic) > limit;
    if (signalled) log.addUncertain(step, statistic);
    return { loss, phase: { ...next, watch: { ...watch, chart }, signalled } };
  }

  async #taken(
    phase: StepsPhase,
    nominal: readonly number[],
    batch: BatchFeeds,
  ): Promise<Stepped & { readonly measured: readonly number[] }> {
    const { programs, rules } = this.#context;
    const progress = this.#progress;
    const { lrFactor, total } = progress;
    const t = phase.t + 1;
    const safeguard = await this.#guarded(phase, t, nominal, batch);
    const lr = nominal.map((rate) => rate * Math.min(lrFactor, safeguard?.factor ?? lrFactor));
    const given = { parameters: progress.parameters, network: progress.network, inner: phase.inner };
    const number = { t, total: total + 1 };
    const { carried, loss, measured, counts, logs } = await programs.steps.take(given, batch, number, { ...phase, lr });
    progress.parameters = carried.parameters;
    progress.network = carried.network;
    count(progress.evaluations, counts);
    rules.add(logs);
    return { loss, measured, phase: { ...phase, t, inner: carried.inner, safeguard } };
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
