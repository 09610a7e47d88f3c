import type { Executable, Value } from '../../engine/index.js';
import { program, reshape } from '../../tensor/index.js';
import type { BatchFeeds, Hyperparameters, Training, TrainingState, TrainingTask } from '../training.js';
import { at } from '../transformation.js';
import type { TransformationFactory } from '../update-rule.js';
import { DriftMonitor, type DriftState } from './drift.js';
import { estimators } from './estimators/registered.js';
import { Factor } from './factor.js';
import { estimateGroupPrior, isUsable } from './group-prior.js';
import type { FamilySettings } from './hyperparameters.js';
import { type Layers, layersOf } from './layers.js';
import { type EstimationEvent, type EstimationRecord, finiteOrNull, type PhaseSeconds } from './log.js';
import type { FactorOrNot, GroupEstimate, Phase, Reference } from './phases.js';
import { Posterior } from './posterior.js';
import { type FirstColumn, Prior, take } from './prior.js';
import { restoredPhase, savedPhase } from './saved-phase.js';
import { scalings } from './scaling.js';
import { type LayerPreconditioner, Steps } from './steps.js';

/** The learning rate when nothing has been estimated and none is given. */
const FALLBACK_RATE = 0.01;

interface Programs {
  readonly prior: Prior;
  /** Null where phase 1 is all there is. */
  readonly posterior: Posterior | null;
  readonly factor: Factor | null;
  /** The loss alone, for minibatches that pass without a step. */
  readonly loss: Executable | null;
  readonly steps: Steps;
}

/** The preconditioner family at work: the phases one after the other, and again from the start when the rule says so. */
export class CurvatureTraining implements Training {
  readonly compileSeconds: number;
  readonly #task: TrainingTask;
  readonly #settings: FamilySettings;
  readonly #layers: Layers;
  readonly #programs: Programs;
  #parameters: Readonly<Record<string, Value>>;
  #phase: Phase | null = null;
  #epoch = 0;
  #lrFactor = 1;
  /** Steps of this epoch so far. */
  #step = 0;
  /** Minibatches since the estimation started. */
  #sinceStart = 0;
  /** The last usable α of each group. */
  #lastAlpha: (number | null)[];
  #seconds: PhaseSeconds = noSeconds();
  #records: EstimationRecord[] = [];
  #events: EstimationEvent[] = [];

  private constructor(task: TrainingTask, settings: FamilySettings, layers: Layers, programs: Programs) {
    this.#task = task;
    this.#settings = settings;
    this.#layers = layers;
    this.#programs = programs;
    const { prior, posterior, factor, loss, steps } = programs;
    this.compileSeconds = [prior, posterior, factor, loss, steps].reduce(
      (total, part) => total + (part?.compileSeconds ?? 0),
      0,
    );
    this.#parameters = Object.fromEntries(
      layers.list.map(({ input }, index) => [input, at(task.initialParameters, index)]),
    );
    this.#lastAlpha = layers.groups.map(() => null);
  }

  /** Compiles every program that the mode needs. */
  static async start(
    task: TrainingTask,
    settings: FamilySettings,
    inner: TransformationFactory,
    innerHyperparameters: Hyperparameters,
  ): Promise<CurvatureTraining> {
    const { engine, problem } = task;
    const { mode, observations, rank, weightDecay, restart } = settings;
    const layers = layersOf(task, settings.grouping);
    const builds = mode !== 'only-adaptive';
    const applies = mode === 'preconditioned' || mode === 'tuned';
    const measuresDrift = restart.kind === 'drift';
    const programs = {
      prior: await Prior.compile(task, layers.list, { weightDecay, observes: builds || measuresDrift }),
      posterior: builds
        ? await Posterior.compile(task, layers.list, estimators[settings.estimator], { observations, weightDecay })
        : null,
      factor: builds ? await Factor.compile(engine, layers.list, { rank, observations, lifts: applies }) : null,
      loss: settings.idles ? await engine.compile(program({ loss: reshape(problem.loss, []) })) : null,
      steps: await Steps.compile(task, layers, {
        rank: applies ? rank : 0,
        inner,
        innerHyperparameters,
        weightDecay,
        measuresDrift,
      }),
    };
    return new CurvatureTraining(task, settings, layers, programs);
  }

  get parameters(): readonly Value[] {
    return this.#layers.list.map(({ input }) => take(this.#parameters, input));
  }

  async beginEpoch(epoch: number, lrFactor: number): Promise<void> {
    this.#epoch = epoch;
    this.#lrFactor = lrFactor;
    this.#step = 0;
    if (this.#settings.restart.kind === 'epoch') this.#phase = null;
  }

  async step(batch: BatchFeeds): Promise<number> {
    if (this.#phase === null || this.#isOver(this.#phase)) this.#restart();
    const started = performance.now();
    const phase = this.#phase ?? this.#restart();
    const loss = await this.#use(phase, { ...this.#task.constants, ...batch });
    const seconds = (performance.now() - started) / 1000;
    this.#seconds[phase.kind === 'idle' ? 'posterior' : phase.kind] += seconds;
    this.#step += 1;
    this.#sinceStart += 1;
    return loss;
  }

  #isOver(phase: Phase): boolean {
    const { restart } = this.#settings;
    if (restart.kind === 'steps') return this.#sinceStart >= restart.count;
    return restart.kind === 'drift' && phase.kind === 'steps' && phase.signalled;
  }

  #restart(): Phase {
    const phase: Phase = { kind: 'prior', state: this.#programs.prior.begin() };
    this.#phase = phase;
    this.#sinceStart = 0;
    this.#seconds = noSeconds();
    return phase;
  }

  /** Uses one minibatch in the phase at hand, and goes on to the next phase after its last one. */
  async #use(phase: Phase, batch: BatchFeeds): Promise<number> {
    const { prior, posterior } = this.#programs;
    const feeds = { ...batch, ...this.#parameters };
    switch (phase.kind) {
      case 'prior': {
        const loss = await prior.use(phase.state, feeds);
        if (phase.state.minibatches >= this.#settings.priorIterations) await this.#finishPrior(phase);
        return loss;
      }
      case 'posterior': {
        if (posterior === null) throw new RangeError('there is no phase 2');
        const loss = await posterior.use(phase.state, feeds);
        if (phase.state.columns >= this.#settings.observations) await this.#finishPosterior(phase);
        return loss;
      }
      case 'idle': {
        const { groups, reference } = phase;
        const loss = await this.#lossOf(feeds);
        if (phase.left > 1) this.#phase = { ...phase, left: phase.left - 1 };
        else await this.#beginSteps(groups, [], reference);
        return loss;
      }
      case 'steps':
        return this.#takeStep(phase, batch);
    }
  }

  async #lossOf(feeds: BatchFeeds): Promise<number> {
    const { loss } = (await this.#programs.loss?.run(feeds)) ?? {};
    if (loss === undefined) throw new RangeError('the loss was not computed');
    return (await this.#task.engine.download(loss))[0] ?? Number.NaN;
  }

  /** After the last minibatch of phase 1: α, w and λ of each group, and the first column of S and Y. */
  async #finishPrior({ state }: Extract<Phase, { kind: 'prior' }>): Promise<void> {
    const { prior, posterior } = this.#programs;
    const { priorIterations, observations, idles } = this.#settings;
    const first = await prior.finish(state);
    const groups = this.#layers.groups.map((name, group) => this.#estimateGroup(name, group, state.moments, first));
    const reference = this.#settings.restart.kind === 'drift' ? prior.sums(state) : {};
    if (groups.every(({ usable }) => !usable)) {
      await this.#beginSteps(groups, [], reference);
    } else if (posterior !== null) {
      const priors = groups.map(({ usable, measured }) => (usable ? measured : null));
      const phase = {
        kind: 'posterior',
        state: posterior.begin(first, priorIterations, priors),
        groups,
        reference,
      } as const;
      this.#phase = phase;
      if (observations === 1) await this.#finishPosterior(phase);
    } else if (idles && observations > 1) {
      this.#phase = { kind: 'idle', left: observations - 1, groups, reference };
    } else {
      await this.#beginSteps(groups, [], reference);
    }
  }

  #estimateGroup(name: string, group: number, moments: Float64Array, first: readonly FirstColumn[]): GroupEstimate {
    const sums = { sts: 0, stas: 0, staas: 0, total: 0 };
    for (const [index, layer] of this.#layers.list.entries()) {
      if (layer.group !== group) continue;
      sums.sts += moments[3 * index] ?? Number.NaN;
      sums.stas += moments[3 * index + 1] ?? Number.NaN;
      sums.staas += moments[3 * index + 2] ?? Number.NaN;
      sums.total += at(first, index).total;
    }
    const measured = estimateGroupPrior(sums, this.#settings.priorIterations);
    if (isUsable(measured)) {
      this.#lastAlpha[group] = measured.alpha;
      return { measured, alpha: measured.alpha, usable: true };
    }
    const alpha = this.#lastAlpha[group] ?? this.#settings.lr ?? FALLBACK_RATE;
    const value = finiteOrNull(measured.alpha);
    const reason = `α = ${measured.alpha}; the step size stays ${alpha} and nothing is preconditioned`;
    this.#events.push({ step: this.#step, event: 'step size not usable', where: name, reason, value });
    return { measured, alpha, usable: false };
  }

  /** After the last observation: phase 3. */
  async #finishPosterior({ state, groups, reference }: Extract<Phase, { kind: 'posterior' }>): Promise<void> {
    const started = performance.now();
    const factors = (await this.#programs.factor?.compute(state)) ?? [];
    const seconds = (performance.now() - started) / 1000;
    this.#seconds.low_rank += seconds;
    this.#seconds.posterior -= seconds;
    for (const [index, factor] of factors.entries()) {
      const { name, group } = at(this.#layers.list, index);
      if (!('leftOut' in factor) || !at(groups, group).usable) continue;
      const event = { event: 'layer left out', where: name, reason: factor.leftOut, value: null } as const;
      this.#events.push({ step: this.#step, ...event });
    }
    await this.#beginSteps(groups, factors, reference);
  }

  /** Phase 4 begins: a new state of the inner optimizer, the preconditioners in place. */
  async #beginSteps(
    groups: readonly GroupEstimate[],
    factors: readonly FactorOrNot[],
    reference: Reference,
  ): Promise<void> {
    const { steps } = this.#programs;
    const { mode, rank } = this.#settings;
    const applies = mode === 'preconditioned' || mode === 'tuned';
    const preconditioners = applies
      ? steps.feeds(
          this.#layers.list.map((_, index) => this.#preconditioner(index, factors[index], groups)),
          rank,
        )
      : {};
    this.#phase = {
      kind: 'steps',
      groups,
      reference,
      t: 0,
      inner: await steps.initialState(),
      preconditioners,
      drift: new DriftMonitor().state,
      signalled: false,
    };
    this.#records.push(this.#record(groups, factors));
  }

  #preconditioner(
    index: number,
    factor: FactorOrNot | undefined,
    groups: readonly GroupEstimate[],
  ): LayerPreconditioner | null {
    if (factor === undefined || 'leftOut' in factor || factor.u === null) return null;
    const { alpha } = at(groups, at(this.#layers.list, index).group);
    const scale = scalings[this.#settings.scaling];
    const [rows = 0] = factor.u.shape;
    const change = new Float64Array(rows);
    for (const [row, place] of factor.directed.entries()) change[row] = scale(at(factor.sigma, place), alpha) - 1;
    return { u: factor.u, change: this.#task.engine.upload(change, [1, rows]) };
  }

  #record(groups: readonly GroupEstimate[], factors: readonly FactorOrNot[]): EstimationRecord {
    const sigma = factors.map((factor, index) => [
      at(this.#layers.list, index).name,
      'leftOut' in factor ? null : factor.sigma.map(finiteOrNull),
    ]);
    return {
      step: this.#step + 1,
      groups: groups.map(({ measured, alpha }, index) => ({
        name: at(this.#layers.groups, index),
        alpha: finiteOrNull(measured.alpha),
        w: finiteOrNull(measured.w),
        lambda: finiteOrNull(measured.lambda),
        lr: this.#learningRate(alpha),
      })),
      sigma: Object.fromEntries(sigma),
      seconds: this.#seconds,
    };
  }

  /** α, but the given learning rate in the first epoch, and in every epoch of a tuned optimizer. */
  #learningRate(alpha: number): number {
    const { lr, mode } = this.#settings;
    return lr !== null && (mode === 'tuned' || this.#epoch === 0) ? lr : alpha;
  }

  async #takeStep(phase: Extract<Phase, { kind: 'steps' }>, batch: BatchFeeds): Promise<number> {
    const { groups, inner, preconditioners, reference } = phase;
    const t = phase.t + 1;
    const lr = groups.map(({ alpha }) => this.#learningRate(alpha) * this.#lrFactor);
    const given = { ...this.#parameters, ...inner };
    const { values, numbers } = await this.#programs.steps.take(batch, given, t, { lr, preconditioners, reference });
    const loss = numbers.next();
    const entries = Object.entries(values);
    this.#parameters = Object.fromEntries(entries.filter(([name]) => name in this.#parameters));
    this.#phase = {
      ...phase,
      t,
      inner: Object.fromEntries(entries.filter(([name]) => !(name in this.#parameters))),
      ...(this.#settings.restart.kind === 'drift' ? this.#watch(phase.drift, numbers.next() - numbers.next()) : {}),
    };
    return loss;
  }

  #watch(drift: DriftState, residual: number): { drift: DriftState; signalled: boolean } {
    const monitor = new DriftMonitor(drift);
    const signalled = monitor.add(residual);
    if (signalled) {
      const reason = 'the gradient departs from what the estimate predicts; the estimation starts anew';
      this.#events.push({ step: this.#step, event: 'drift', where: 'all', reason, value: monitor.statistic });
    }
    return { drift: monitor.state, signalled };
  }

  async endEpoch(): Promise<Readonly<Record<string, unknown>> | null> {
    const log = {
      epoch: this.#epoch,
      estimations: this.#records.map((record) => ({ ...record, seconds: { ...record.seconds } })),
      events: this.#events,
    };
    this.#records = [];
    this.#events = [];
    return log;
  }

  /** The step sizes in force, or how far the estimation has come. */
  note(): string | null {
    if (this.#phase === null) return null;
    if (!('groups' in this.#phase) || this.#phase.kind !== 'steps') {
      return `estimating ${this.#sinceStart}/${this.#settings.needed.steps - 1}`;
    }
    const alphas = this.#phase.groups.map(({ alpha }) => alpha);
    const [least, most] = [Math.min(...alphas), Math.max(...alphas)];
    const text = (alpha: number) => alpha.toExponential(1);
    return least === most ? `α ${text(least)}` : `α ${text(least)} … ${text(most)}`;
  }

  async save(): Promise<TrainingState> {
    const { engine } = this.#task;
    // With a restart at every epoch nothing of the estimation is needed again.
    const phase = this.#settings.restart.kind === 'epoch' ? null : this.#phase;
    const saved = await savedPhase(engine, this.#layers.list, phase, this.#parameters);
    return {
      arrays: saved.arrays,
      values: {
        ...saved.values,
        sinceStart: this.#sinceStart,
        lastAlpha: this.#lastAlpha,
        seconds: { ...this.#seconds },
      },
    };
  }

  async restore(state: TrainingState): Promise<void> {
    const { engine } = this.#task;
    const { phase, parameters } = restoredPhase(engine, this.#layers.list, state, this.#programs.posterior);
    this.#phase = phase;
    this.#parameters = parameters;
    this.#sinceStart = Number(state.values.sinceStart);
    this.#lastAlpha = [...(state.values.lastAlpha as (number | null)[])];
    this.#seconds = { ...(state.values.seconds as PhaseSeconds) };
  }
}

function noSeconds(): PhaseSeconds {
  return { prior: 0, posterior: 0, low_rank: 0, steps: 0 };
}
