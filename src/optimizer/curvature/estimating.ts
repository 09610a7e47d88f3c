import type { Value } from '../../engine/index.js';
import { at, present } from '../../expect.js';
import { count } from '../evaluation-counts.js';
import type { BatchFeeds } from '../training.js';
import { largestVariances } from './author-prior.js';
import { DriftMonitor } from './drift.js';
import { estimateGroups, hasCertainCurvature } from './group-estimates.js';
import { learningRateOf, scaledTo } from './learning-rates.js';
import type { Estimate } from './observing.js';
import type { AfterPrior, IdlePhase, NoisePhase, Phase, PosteriorPhase, PriorPhase, StepsPhase } from './phases.js';
import type { FirstColumn } from './prior.js';
import { copiesOf, type FamilyContext, type Progress, standing } from './progress.js';
import { scalings } from './scaling.js';

/** What one minibatch came to: its loss before the step, and the phase of the next one. */
export interface Used {
  readonly loss: number;
  readonly phase: Phase;
}

/** Phases 1 to 3: minibatches that take no step. */
export class Estimating {
  readonly #context: FamilyContext;
  readonly #progress: Progress;

  constructor(context: FamilyContext, progress: Progress) {
    this.#context = context;
    this.#progress = progress;
  }

  /** Before the first minibatch of an estimation. */
  begin(): PriorPhase {
    return { kind: 'prior', state: this.#context.programs.prior.begin() };
  }

  /**
   * Phase 1; after its last minibatch α, w and λ of each group and the first column of S and Y. `left` are values of an earlier
   * estimation that nothing needs any more.
   */
  async usePrior(phase: PriorPhase, batch: BatchFeeds, left: readonly Value[]): Promise<Used> {
    const { task, layers, programs, settings, log } = this.#context;
    const { lastAlpha, step, evaluations } = this.#progress;
    const { prior, noise } = programs;
    const { priorIterations, lr, restart, safeguard } = settings;
    const loss = await prior.use(phase.state, { ...batch, ...this.#standing }, left);
    count(evaluations, { gradients: 1, products: 1 });
    if (phase.state.minibatches < priorIterations) return { loss, phase };

    const first = await prior.finish(phase.state);
    const standIns = { earlier: lastAlpha, lr };
    const { moments, curvatures, sums } = phase.state;
    const guarded = safeguard !== null;
    const isCertain = (group: number) => !guarded || hasCertainCurvature(layers, curvatures, group);
    const { v, h, squares } = sums;
    const variances = squares === undefined ? null : await largestVariances(task.engine, v, squares, priorIterations);
    const groups = estimateGroups(layers, moments, first, priorIterations, standIns, isCertain, variances);
    log.addUnusable(step, groups);
    const after = { groups, reference: restart.kind === 'drift' ? { v, h } : null, curved: guarded ? h : null };
    if (noise !== null && groups.some(({ usable }) => usable)) {
      return { loss, phase: { kind: 'noise', state: noise.begin(first), ...after } };
    }
    return { loss, phase: await this.#afterPrior(after, first, null) };
  }

  /** A minibatch whose product shows the noise; after the last one phase 2 with the λ of their scatter. */
  async useNoise(phase: NoisePhase, batch: BatchFeeds): Promise<Used> {
    const { programs, settings } = this.#context;
    const noise = present(programs.noise, 'the program that measures noise');
    const loss = await noise.use(phase.state, { ...batch, ...this.#standing });
    count(this.#progress.evaluations, { gradients: 1, products: 1 });
    if (phase.state.minibatches < settings.noiseProducts) return { loss, phase };
    const { state, kind: _, ...after } = phase;
    const groups = noise.finish(state, after.groups);
    return { loss, phase: await this.#afterPrior({ ...after, groups }, state.first, noise.along(state)) };
  }

  /** Phase 2 with what phase 1 has found; where there is none, minibatches without a step, or phase 4. */
  async #afterPrior(after: AfterPrior, first: readonly FirstColumn[], noise: readonly number[] | null): Promise<Phase> {
    const { observing } = this.#context.programs;
    const { observations, idles } = this.#context.settings;
    const { groups } = after;
    const { carried } = this.#progress;
    const state = (await observing?.begin({ groups, first, noise, carried })) ?? null;
    if (state !== null) return this.#enterPosterior({ kind: 'posterior', state, ...after }, 'prior');
    if (idles && observations > 1 && groups.some(({ usable }) => usable)) {
      return { kind: 'idle', left: observations - 1, ...after };
    }
    return this.#beginSteps(after, { groups, factors: [] });
  }

  /** Phase 2. */
  async usePosterior(phase: PosteriorPhase, batch: BatchFeeds): Promise<Used> {
    const observing = present(this.#context.programs.observing, 'the program of phase 2');
    const { loss, counts } = await observing.use(phase.state, { ...batch, ...this.#standing });
    count(this.#progress.evaluations, counts);
    return { loss, phase: await this.#enterPosterior(phase, 'posterior') };
  }

  /** A minibatch that passes without a step. */
  async useIdle(phase: IdlePhase, batch: BatchFeeds): Promise<Used> {
    const { task, programs } = this.#context;
    const evaluation = present(programs.loss, 'the program of a minibatch without a step');
    const found = await evaluation.run({}, { ...batch, ...this.#standing });
    count(this.#progress.evaluations, { losses: 1 });
    const next =
      phase.left > 1
        ? { ...phase, left: phase.left - 1 }
        : await this.#beginSteps(phase, { groups: phase.groups, factors: [] });
    return { loss: at(await task.engine.download(found), 0), phase: next };
  }

  get #standing(): BatchFeeds {
    return standing(this.#context, this.#progress);
  }

  /** Stays in phase 2 until there has been enough; then phase 3. `during`: the phase whose minibatch this is. */
  async #enterPosterior(phase: PosteriorPhase, during: 'prior' | 'posterior'): Promise<Phase> {
    const { programs, log } = this.#context;
    const { seconds, step } = this.#progress;
    const started = performance.now();
    const estimate = (await programs.observing?.finish(phase.state, phase.groups)) ?? null;
    if (estimate === null) return phase;
    const spent = (performance.now() - started) / 1000;
    seconds.low_rank += spent;
    seconds[during] -= spent;
    log.addLeftOut(step, estimate.groups, estimate.factors);
    if (estimate.carried !== undefined) {
      const { carried: before } = this.#progress;
      this.#progress.carried = estimate.carried.map((own, index) => own ?? before?.[index] ?? null);
    }
    return this.#beginSteps(phase, estimate);
  }

  /** Phase 4 begins with the next minibatch: a new state of the inner optimizer, the preconditioners in place. */
  async #beginSteps(
    { reference, curved }: Pick<StepsPhase, 'reference' | 'curved'>,
    estimate: Estimate,
  ): Promise<StepsPhase> {
    const { task, settings, programs, log } = this.#context;
    const progress = this.#progress;
    const { epoch, parameters, lastAlpha } = progress;
    const { groups, factors, expectations } = estimate;
    const tracked = await programs.observing?.tracking?.begin(factors);
    const watch = expectations && programs.watching?.begin(expectations);
    const { steps } = programs;
    progress.lastAlpha = groups.map(({ usable, alpha }, index) => (usable ? alpha : at(lastAlpha, index)));
    // The drift statistic needs n h̄ as it is, so the safeguard gets a copy.
    const vector = curved === null ? null : await copiesOf(task.engine, curved);
    const phase: StepsPhase = {
      kind: 'steps',
      groups,
      reference,
      curved: null,
      t: 0,
      inner: await steps.initialState(parameters),
      preconditioners: steps.preconditioners(factors, scaledTo(settings, epoch, groups), scalings[settings.scaling]),
      safeguard: vector === null ? null : { vector, factor: 1, shortened: false },
      drift: new DriftMonitor().state,
      ...(watch && { watch }),
      ...(tracked && { tracked }),
      signalled: false,
    };
    const learningRate = (alpha: number) => learningRateOf(settings, epoch, alpha);
    log.addEstimation(progress.step + 1, estimate, progress.seconds, learningRate);
    return phase;
  }
}
