import type { Value } from '../../engine/index.js';
import { leavesOf, type Tree } from '../../tensor/index.js';
import { count, type EvaluationCounts, noEvaluations } from '../evaluation-counts.js';
import { type NetworkState, networkState } from '../network-state.js';
import { type CollectedLogs, RuleLog } from '../rule-log.js';
import { restoreTree, saveTree } from '../saved-tree.js';
import type { BatchFeeds, PreconditionerBlock, Training, TrainingState, TrainingTask } from '../training.js';
import { at } from '../transformation.js';
import { DriftMonitor } from './drift.js';
import type { FactorOrNot } from './factor.js';
import { estimateGroups, hasCertainCurvature } from './group-estimates.js';
import type { FamilySettings } from './hyperparameters.js';
import { type Layers, layersOf } from './layers.js';
import { learningRateOf, scaledTo } from './learning-rates.js';
import { type CollectedRecords, EpochLog, noSeconds, type PhaseSeconds } from './log.js';
import type { IdlePhase, Phase, PosteriorPhase, PriorPhase, StepsPhase } from './phases.js';
import { compilePrograms, compileSecondsOf, type InnerOptimizer, type Programs } from './programs.js';
import { scalings } from './scaling.js';

/** What a checkpoint keeps. */
interface SavedTraining {
  readonly phase: Phase | null;
  readonly parameters: readonly Value[];
  readonly network: Readonly<Record<string, Value>>;
  readonly evaluations: EvaluationCounts;
  readonly total: number;
  readonly sinceStart: number;
  readonly lastAlpha: readonly (number | null)[];
  readonly seconds: PhaseSeconds;
  /** Steps of the epoch under way; 0 between two epochs. */
  readonly step: number;
  readonly rules: CollectedLogs;
  readonly log: CollectedRecords;
}

/** The preconditioner family at work: the phases one after the other, and again from the start when the rule says so. */
export class CurvatureTraining implements Training {
  readonly #task: TrainingTask;
  readonly #settings: FamilySettings;
  readonly #layers: Layers;
  readonly #programs: Programs;
  readonly #log: EpochLog;
  readonly #network: NetworkState;
  readonly #rules: RuleLog;
  #parameters: readonly Value[];
  #networkValues: Readonly<Record<string, Value>>;
  /** Null where the next step starts an estimation. */
  #phase: Phase | null = null;
  #epoch = 0;
  #lrFactor = 1;
  /** Steps of this epoch so far. */
  #step = 0;
  /** Whether an epoch is under way. */
  #within = false;
  /** Minibatches since the estimation started. */
  #sinceStart = 0;
  /** The last usable α of each group. */
  #lastAlpha: readonly (number | null)[];
  #seconds: PhaseSeconds = noSeconds();
  /** Values of an earlier estimation that nothing needs any more. */
  #left: readonly Value[] = [];

  #evaluations = noEvaluations();
  /** Minibatches since training began. */
  #total = 0;

  private constructor(
    task: TrainingTask,
    settings: FamilySettings,
    layers: Layers,
    network: NetworkState,
    programs: Programs,
  ) {
    this.#task = task;
    this.#network = network;
    this.#rules = new RuleLog(task.engine);
    this.#settings = settings;
    this.#layers = layers;
    this.#programs = programs;
    this.#log = new EpochLog(layers, programs.observing?.blocks ?? []);
    this.#parameters = task.initialParameters;
    this.#networkValues = network.initial(task.engine);
    this.#lastAlpha = layers.groups.map(() => null);
  }

  /** Compiles every program that the mode needs. */
  static async start(task: TrainingTask, settings: FamilySettings, inner: InnerOptimizer): Promise<CurvatureTraining> {
    const layers = layersOf(task, settings.grouping);
    const network = networkState(task.problem);
    const programs = await compilePrograms(task, settings, layers, network, inner);
    return new CurvatureTraining(task, settings, layers, network, programs);
  }

  get compileSeconds(): number {
    return compileSecondsOf(this.#programs);
  }

  get parameters(): readonly Value[] {
    return this.#parameters;
  }

  get modelStates(): BatchFeeds {
    return this.#network.feeds(this.#networkValues);
  }

  preconditioner(): readonly PreconditionerBlock[] | null {
    const blocks = this.#programs.observing?.blocks;
    if (this.#phase?.kind !== 'steps' || blocks === undefined) return null;
    return this.#phase.preconditioners.flatMap(({ u, change }, index) =>
      u === undefined || change === undefined ? [] : [{ parameters: at(blocks, index).members, u, change }],
    );
  }

  get evaluations(): Readonly<EvaluationCounts> {
    return this.#evaluations;
  }

  /** The parameters and the network's state as feeds of the programs that take no step. */
  get #standing(): BatchFeeds {
    const parameters = this.#layers.list.map(({ input }, index) => [input, at(this.#parameters, index)]);
    return { ...Object.fromEntries(parameters), ...this.modelStates };
  }

  async beginEpoch(epoch: number, lrFactor: number): Promise<void> {
    this.#epoch = epoch;
    this.#lrFactor = lrFactor;
    this.#step = 0;
    this.#within = true;
    this.#networkValues = this.#network.atEpoch(this.#task.engine, this.#networkValues);
    if (this.#settings.restart.kind === 'epoch') this.#leavePhase();
  }

  async continueEpoch(epoch: number, lrFactor: number): Promise<void> {
    this.#epoch = epoch;
    this.#lrFactor = lrFactor;
    this.#within = true;
  }

  scaleLearningRate(factor: number): void {
    this.#lrFactor = factor;
  }

  async step(batch: BatchFeeds): Promise<number> {
    const started = performance.now();
    const phase = this.#phase === null || this.#isOver(this.#phase) ? this.#restart() : this.#phase;
    const feeds = { ...this.#task.constants, ...batch };
    const standing = this.#standing;
    const loss = await this.#use(phase, feeds);
    if (phase.kind !== 'steps') await this.#pass({ ...feeds, ...standing });
    this.#seconds[phase.kind === 'idle' ? 'posterior' : phase.kind] += (performance.now() - started) / 1000;
    this.#step += 1;
    this.#sinceStart += 1;
    this.#total += 1;
    return loss;
  }

  /** After a minibatch that took no step: recurrent state goes on to the next one, running statistics stay. */
  async #pass(feeds: BatchFeeds): Promise<void> {
    const { passing } = this.#programs;
    if (passing !== null) this.#networkValues = { ...this.#networkValues, ...(await passing.run({}, feeds)) };
  }

  #isOver(phase: Phase): boolean {
    const { restart } = this.#settings;
    if (restart.kind === 'steps') return this.#sinceStart >= restart.count;
    return restart.kind === 'drift' && phase.kind === 'steps' && phase.signalled;
  }

  #leavePhase(): void {
    if (this.#phase?.kind === 'steps') {
      const { inner, preconditioners, reference, safeguard } = this.#phase;
      const held = leavesOf<Value>([
        ...inner,
        ...preconditioners,
        ...(reference === null ? [] : [reference]),
        ...(safeguard === null ? [] : safeguard.vector),
      ] as Tree<Value>);
      this.#left = held.map(([, value]) => value);
    }
    this.#phase = null;
  }

  #restart(): Phase {
    this.#leavePhase();
    this.#sinceStart = 0;
    this.#seconds = noSeconds();
    return { kind: 'prior', state: this.#programs.prior.begin() };
  }

  /** Uses one minibatch in the phase at hand. */
  #use(phase: Phase, batch: BatchFeeds): Promise<number> {
    switch (phase.kind) {
      case 'prior':
        return this.#usePrior(phase, batch);
      case 'posterior':
        return this.#usePosterior(phase, batch);
      case 'idle':
        return this.#useIdle(phase, batch);
      case 'steps':
        return this.#takeStep(phase, batch);
    }
  }

  /** Phase 1; after its last minibatch α, w and λ of each group and the first column of S and Y. */
  async #usePrior(phase: PriorPhase, batch: BatchFeeds): Promise<number> {
    const { prior, observing } = this.#programs;
    const { priorIterations, observations, idles, lr, restart, safeguard } = this.#settings;
    this.#phase = phase;
    const left = this.#left;
    this.#left = [];
    const loss = await prior.use(phase.state, { ...batch, ...this.#standing }, left);
    count(this.#evaluations, { gradients: 1, products: 1 });
    if (phase.state.minibatches < priorIterations) return loss;

    const first = await prior.finish(phase.state);
    const standIns = { earlier: this.#lastAlpha, lr };
    const { moments, curvatures, sums } = phase.state;
    const guarded = safeguard !== null;
    const isCertain = (group: number) => !guarded || hasCertainCurvature(this.#layers, curvatures, group);
    const groups = estimateGroups(this.#layers, moments, first, priorIterations, standIns, isCertain);
    this.#log.addUnusable(this.#step, groups);
    const after = { groups, reference: restart.kind === 'drift' ? sums : null, curved: guarded ? sums.h : null };
    const state = (await observing?.begin({ groups, first })) ?? null;
    if (state !== null) {
      await this.#enterPosterior({ kind: 'posterior', state, ...after }, 'prior');
    } else if (idles && observations > 1 && groups.some(({ usable }) => usable)) {
      this.#phase = { kind: 'idle', left: observations - 1, ...after };
    } else {
      await this.#beginSteps(after, []);
    }
    return loss;
  }

  /** Phase 2. */
  async #usePosterior(phase: PosteriorPhase, batch: BatchFeeds): Promise<number> {
    const { observing } = this.#programs;
    if (observing === null) throw new RangeError('this setting has no phase 2');
    const { loss, counts } = await observing.use(phase.state, { ...batch, ...this.#standing });
    count(this.#evaluations, counts);
    await this.#enterPosterior(phase, 'posterior');
    return loss;
  }

  /** Stays in phase 2 until there has been enough; then phase 3. `during`: the phase whose minibatch this is. */
  async #enterPosterior(phase: PosteriorPhase, during: 'prior' | 'posterior'): Promise<void> {
    this.#phase = phase;
    const started = performance.now();
    const estimate = (await this.#programs.observing?.finish(phase.state, phase.groups)) ?? null;
    if (estimate === null) return;
    const seconds = (performance.now() - started) / 1000;
    this.#seconds.low_rank += seconds;
    this.#seconds[during] -= seconds;
    this.#log.addLeftOut(this.#step, estimate.groups, estimate.factors);
    await this.#beginSteps({ ...phase, groups: estimate.groups }, estimate.factors);
  }

  async #useIdle(phase: IdlePhase, batch: BatchFeeds): Promise<number> {
    if (this.#programs.loss === null) throw new RangeError('no minibatch passes without a step');
    const loss = await this.#programs.loss.run({}, { ...batch, ...this.#standing });
    count(this.#evaluations, { losses: 1 });
    if (phase.left > 1) this.#phase = { ...phase, left: phase.left - 1 };
    else await this.#beginSteps(phase, []);
    return (await this.#task.engine.download(loss))[0] ?? Number.NaN;
  }

  /** Phase 4 begins with the next minibatch: a new state of the inner optimizer, the preconditioners in place. */
  async #beginSteps(
    { groups, reference, curved }: Pick<StepsPhase, 'groups' | 'reference' | 'curved'>,
    factors: readonly FactorOrNot[],
  ): Promise<void> {
    const { steps } = this.#programs;
    this.#lastAlpha = groups.map(({ usable, alpha }, index) => (usable ? alpha : at(this.#lastAlpha, index)));
    this.#phase = {
      kind: 'steps',
      groups,
      reference,
      curved: null,
      t: 0,
      inner: await steps.initialState(this.#parameters),
      preconditioners: steps.preconditioners(
        factors,
        scaledTo(this.#settings, this.#epoch, groups),
        scalings[this.#settings.scaling],
      ),
      safeguard: curved === null ? null : { vector: await this.#copied(curved), factor: 1, shortened: false },
      drift: new DriftMonitor().state,
      signalled: false,
    };
    const learningRate = (alpha: number) => learningRateOf(this.#settings, this.#epoch, alpha);
    this.#log.addEstimation(this.#step + 1, groups, factors, this.#seconds, learningRate);
  }

  /** Values of their own: the drift statistic needs the given ones as they are. */
  async #copied(values: readonly Value[]): Promise<Value[]> {
    const { engine } = this.#task;
    const copies: Value[] = [];
    for (const value of values) copies.push(engine.upload(await engine.download(value), value.shape));
    return copies;
  }

  /** Phase 4. */
  async #takeStep(phase: StepsPhase, batch: BatchFeeds): Promise<number> {
    const t = phase.t + 1;
    const nominal = phase.groups.map(({ alpha }) => learningRateOf(this.#settings, this.#epoch, alpha));
    const safeguard = await this.#guarded(phase, t, nominal, batch);
    const lr = nominal.map((rate) => rate * Math.min(this.#lrFactor, safeguard?.factor ?? this.#lrFactor));
    const given = { parameters: this.#parameters, network: this.#networkValues, inner: phase.inner };
    const number = { t, total: this.#total + 1 };
    const { steps } = this.#programs;
    const { carried, loss, drift, counts, logs } = await steps.take(given, batch, number, { ...phase, lr });
    const { inner } = carried;
    this.#parameters = carried.parameters;
    this.#networkValues = carried.network;
    count(this.#evaluations, counts);
    this.#rules.add(logs);
    if (this.#settings.restart.kind !== 'drift') {
      this.#phase = { ...phase, t, inner, safeguard };
      return loss;
    }
    const monitor = new DriftMonitor(phase.drift);
    const signalled = monitor.add(at(drift, 0) - at(drift, 1));
    if (signalled) this.#log.addDrift(this.#step, monitor.statistic);
    this.#phase = { ...phase, t, inner, safeguard, drift: monitor.state, signalled };
    return loss;
  }

  /** The safeguard before the t-th step: measured anew where that is due. */
  async #guarded(
    { safeguard: before, preconditioners }: StepsPhase,
    t: number,
    lr: readonly number[],
    batch: BatchFeeds,
  ): Promise<StepsPhase['safeguard']> {
    const { safeguard } = this.#programs;
    if (safeguard === null || before === null) return null;
    let state = before;
    if (safeguard.isDue(t)) {
      const found = await safeguard.measure(before, { preconditioners, lr }, { ...batch, ...this.#standing });
      count(this.#evaluations, { gradients: 1, products: 1 });
      this.#log.addSafeguardProduct(found.largest);
      state = found.state;
    }
    if (state.factor >= this.#lrFactor) return state;
    this.#log.addShortenedStep(this.#step, state.factor, !state.shortened);
    return { ...state, shortened: true };
  }

  async endEpoch(): Promise<Readonly<Record<string, unknown>>> {
    this.#within = false;
    this.#step = 0;
    return { ...(await this.#rules.take(this.#epoch)), ...this.#log.take(this.#epoch) };
  }

  /** The step sizes in force, or how far the estimation has come. */
  note(): string | null {
    if (this.#phase === null) return null;
    if (this.#phase.kind !== 'steps') return `estimating ${this.#sinceStart}/${this.#settings.needed.steps - 1}`;
    const alphas = this.#phase.groups.map(({ alpha }) => alpha);
    const [least, most] = [Math.min(...alphas), Math.max(...alphas)].map((alpha) => alpha.toExponential(1));
    return least === most ? `α ${least}` : `α ${least} … ${most}`;
  }

  save(): Promise<TrainingState> {
    return saveTree(this.#task.engine, {
      // With a new estimation in every epoch, nothing of the old one is needed again.
      phase: this.#settings.restart.kind === 'epoch' && !this.#within ? null : this.#phase,
      parameters: this.#parameters,
      network: this.#networkValues,
      evaluations: this.#evaluations,
      total: this.#total,
      sinceStart: this.#sinceStart,
      lastAlpha: this.#lastAlpha,
      seconds: this.#seconds,
      step: this.#step,
      rules: this.#rules.collected,
      log: this.#log.collected,
    } satisfies SavedTraining);
  }

  async restore(state: TrainingState): Promise<void> {
    const saved = restoreTree(this.#task.engine, state) as SavedTraining;
    this.#phase = saved.phase;
    this.#parameters = saved.parameters;
    this.#networkValues = saved.network;
    this.#evaluations = saved.evaluations;
    this.#total = saved.total;
    this.#sinceStart = saved.sinceStart;
    this.#lastAlpha = saved.lastAlpha;
    this.#step = saved.step;
    this.#rules.collected = saved.rules;
    this.#log.collected = saved.log;
    // The seconds of phase 4 are counted in the record of this epoch's last estimation, as long as that is in force.
    const record = this.#phase?.kind === 'steps' ? saved.log.estimations.at(-1) : undefined;
    this.#seconds = record?.seconds ?? saved.seconds;
  }
}
