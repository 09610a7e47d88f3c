import type { Value } from '../../engine/index.js';
import { at } from '../../expect.js';
import { leavesOf, type Tree } from '../../tensor/index.js';
import type { EvaluationCounts } from '../evaluation-counts.js';
import { networkState } from '../network-state.js';
import { type CollectedLogs, RuleLog } from '../rule-log.js';
import { checkCounts, restoreTree, saveTree } from '../saved-tree.js';
import type { BatchFeeds, PreconditionerBlock, Training, TrainingState, TrainingTask } from '../training.js';
import { Estimating, type Used } from './estimating.js';
import { layersOf } from './layers.js';
import { learningRateOf } from './learning-rates.js';
import { type CollectedRecords, EpochLog, noSeconds, type PhaseSeconds } from './log.js';
import type { Phase, StepsPhase } from './phases.js';
import { plainSteps } from './plain-steps.js';
import { compilePrograms, compileSecondsOf, type InnerOptimizer } from './programs.js';
import { type FamilyContext, initialProgress, type Progress, standing } from './progress.js';
import type { FamilySettings } from './settings.js';
import { Stepping } from './stepping.js';

/** What a checkpoint keeps. */
interface SavedTraining extends Omit<Progress, 'epoch' | 'lrFactor'> {
  readonly phase: Phase | null;
  /** Steps that go on while an estimation lasts. */
  readonly meanwhile?: StepsPhase;
  readonly rules: CollectedLogs;
  readonly log: CollectedRecords;
}

/** The preconditioner family at work: the phases one after the other, and again from the start when the rule says so. */
export class CurvatureTraining implements Training {
  readonly #context: FamilyContext;
  readonly #progress: Progress;
  readonly #estimating: Estimating;
  readonly #stepping: Stepping;
  /** Null where the next step starts an estimation. */
  #phase: Phase | null = null;
  /** The steps that go on while the next estimation lasts; null where none do. */
  #meanwhile: StepsPhase | null = null;
  /** Whether an epoch is under way. */
  #within = false;
  /** Values of an earlier estimation that nothing needs any more. */
  #left: readonly Value[] = [];

  private constructor(context: FamilyContext) {
    this.#context = context;
    this.#progress = initialProgress(context);
    this.#estimating = new Estimating(context, this.#progress);
    this.#stepping = new Stepping(context, this.#progress);
  }

  /** Compiles every program that the mode needs. */
  static async start(task: TrainingTask, settings: FamilySettings, inner: InnerOptimizer): Promise<CurvatureTraining> {
    const layers = layersOf(task, settings.grouping);
    const network = networkState(task.problem);
    const programs = await compilePrograms(task, settings, layers, network, inner);
    const log = new EpochLog(layers, programs.observing?.blocks ?? []);
    return new CurvatureTraining({ task, settings, layers, network, programs, log, rules: new RuleLog(task.engine) });
  }

  get compileSeconds(): number {
    return compileSecondsOf(this.#context.programs);
  }

  get parameters(): readonly Value[] {
    return this.#progress.parameters;
  }

  get modelStates(): BatchFeeds {
    return this.#context.network.feeds(this.#progress.network);
  }

  preconditioner(): readonly PreconditionerBlock[] | null {
    const blocks = this.#context.programs.observing?.blocks;
    const phase = this.#phase?.kind === 'steps' ? this.#phase : this.#meanwhile;
    if (phase === null || blocks === undefined) return null;
    return phase.preconditioners.flatMap(({ u, change }, index) =>
      u === undefined || change === undefined ? [] : [{ parameters: at(blocks, index).members, u, change }],
    );
  }

  get evaluations(): Readonly<EvaluationCounts> {
    return this.#progress.evaluations;
  }

  async beginEpoch(epoch: number, lrFactor: number): Promise<void> {
    const { task, network, settings } = this.#context;
    const progress = this.#progress;
    Object.assign(progress, { epoch, lrFactor, step: 0 });
    this.#within = true;
    progress.network = network.atEpoch(task.engine, progress.network);
    if (settings.restart.kind === 'epoch') this.#leavePhase();
  }

  async continueEpoch(epoch: number, lrFactor: number): Promise<void> {
    Object.assign(this.#progress, { epoch, lrFactor });
    this.#within = true;
  }

  scaleLearningRate(factor: number): void {
    this.#progress.lrFactor = factor;
  }

  async step(batch: BatchFeeds): Promise<number> {
    const started = performance.now();
    const progress = this.#progress;
    const phase = this.#phase === null || this.#isOver(this.#phase) ? await this.#restart() : this.#phase;
    const feeds = { ...this.#context.task.constants, ...batch };
    const before = standing(this.#context, progress);
    const used = await this.#use(phase, feeds);
    this.#phase = used.phase;
    if (phase.kind !== 'steps') await this.#goOn(feeds, before);
    progress.seconds[secondsOf(phase)] += (performance.now() - started) / 1000;
    progress.step += 1;
    progress.sinceStart += 1;
    progress.total += 1;
    return used.loss;
  }

  /** Uses one minibatch in the phase at hand. */
  #use(phase: Phase, batch: BatchFeeds): Promise<Used> {
    switch (phase.kind) {
      case 'prior': {
        const left = this.#left;
        this.#left = [];
        return this.#estimating.usePrior(phase, batch, left);
      }
      case 'noise':
        return this.#estimating.useNoise(phase, batch);
      case 'posterior':
        return this.#estimating.usePosterior(phase, batch);
      case 'idle':
        return this.#estimating.useIdle(phase, batch);
      case 'steps':
        return this.#stepping.take(phase, batch);
    }
  }

  /** Beside an estimation's minibatch: a step with the estimate before it, where that is wanted. */
  async #goOn(feeds: BatchFeeds, before: BatchFeeds): Promise<void> {
    if (this.#meanwhile === null) return this.#pass({ ...feeds, ...before });
    this.#meanwhile = await this.#stepping.takeMeanwhile(this.#meanwhile, feeds);
    if (this.#phase?.kind !== 'steps') return;
    this.#left = valuesOf(this.#meanwhile);
    this.#meanwhile = null;
  }

  /** After a minibatch that took no step: recurrent state goes on to the next one, running statistics stay. */
  async #pass(feeds: BatchFeeds): Promise<void> {
    const { passing } = this.#context.programs;
    const progress = this.#progress;
    if (passing !== null) progress.network = { ...progress.network, ...(await passing.run({}, feeds)) };
  }

  #isOver(phase: Phase): boolean {
    const { restart } = this.#context.settings;
    if (restart.kind === 'steps') return this.#progress.sinceStart >= restart.count;
    const watches = restart.kind === 'drift' || restart.kind === 'uncertain';
    return watches && phase.kind === 'steps' && phase.signalled;
  }

  #leavePhase(): void {
    if (this.#phase?.kind === 'steps') {
      const { settings } = this.#context;
      const { epoch } = this.#progress;
      if (settings.trainsMeanwhile) {
        // The learning rate stays the one in force, to which the scaling refers.
        const groups = this.#phase.groups.map((own) => ({ ...own, alpha: learningRateOf(settings, epoch, own.alpha) }));
        this.#meanwhile = { ...this.#phase, groups, tracked: null };
      } else {
        this.#left = valuesOf(this.#phase);
      }
    }
    this.#phase = null;
  }

  async #restart(): Promise<Phase> {
    this.#leavePhase();
    const { settings } = this.#context;
    const isFirst = this.#progress.total === 0;
    if (isFirst && settings.trainsMeanwhile && settings.lr !== null) {
      this.#meanwhile = await plainSteps(this.#context, settings.lr);
    }
    this.#progress.sinceStart = 0;
    this.#progress.seconds = noSeconds();
    return this.#estimating.begin();
  }

  async endEpoch(): Promise<Readonly<Record<string, unknown>>> {
    const { settings, rules, log } = this.#context;
    const { epoch } = this.#progress;
    // Now the learning rate in force is known; a training that goes on from a checkpoint would not know it.
    if (settings.trainsMeanwhile && settings.restart.kind === 'epoch') this.#leavePhase();
    this.#within = false;
    this.#progress.step = 0;
    return { ...(await rules.take(epoch)), ...log.take(epoch) };
  }

  /** The step sizes in force, or how far the estimation has come. */
  note(): string | null {
    if (this.#phase === null) return null;
    if (this.#phase.kind !== 'steps')
      return `estimating ${this.#progress.sinceStart}/${this.#context.settings.needed.steps - 1}`;
    const alphas = this.#phase.groups.map(({ alpha }) => alpha);
    const [least, most] = [Math.min(...alphas), Math.max(...alphas)].map((alpha) => alpha.toExponential(1));
    return least === most ? `α ${least}` : `α ${least} … ${most}`;
  }

  save(): Promise<TrainingState> {
    const { task, settings, rules, log } = this.#context;
    const { epoch, lrFactor, ...kept } = this.#progress;
    return saveTree(task.engine, {
      // With a new estimation in every epoch, nothing of the old one is needed again.
      phase: settings.restart.kind === 'epoch' && !this.#within ? null : this.#phase,
      ...(this.#meanwhile !== null && { meanwhile: this.#meanwhile }),
      ...kept,
      rules: rules.collected,
      log: log.collected,
    } satisfies SavedTraining);
  }

  async restore(state: TrainingState): Promise<void> {
    const { task, rules, log } = this.#context;
    const {
      phase,
      meanwhile = null,
      rules: ruleLogs,
      log: records,
      ...kept
    } = restoreTree(task.engine, state) as SavedTraining;
    const { total, sinceStart, step } = kept;
    checkCounts({ total, sinceStart, step, ...kept.evaluations });
    this.#phase = phase;
    this.#meanwhile = meanwhile;
    Object.assign(this.#progress, kept);
    rules.collected = ruleLogs;
    log.collected = records;
    // The seconds of phase 4 are counted in the record of this epoch's last estimation, as long as that is in force.
    const record = phase?.kind === 'steps' ? records.estimations.at(-1) : undefined;
    this.#progress.seconds = record?.seconds ?? kept.seconds;
  }
}

/** What steps hold on the engine besides the parameters. */
function valuesOf({ inner, preconditioners, reference, safeguard, watch }: StepsPhase): Value[] {
  const held = leavesOf<Value>([
    ...inner,
    ...preconditioners,
    ...(reference === null ? [] : [reference]),
    ...(safeguard === null ? [] : safeguard.vector),
    ...(watch?.centre ?? []),
  ] as Tree<Value>);
  return held.map(([, value]) => value);
}

/** Where the seconds of a minibatch are counted. */
function secondsOf({ kind }: Phase): keyof PhaseSeconds {
  if (kind === 'noise') return 'prior';
  return kind === 'idle' ? 'posterior' : kind;
}
