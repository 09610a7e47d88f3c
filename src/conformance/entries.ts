import type { PublishedBaseline } from '../analysis/index.js';
import { datasetDefinition } from '../dataset/index.js';
import {
  INITIALISATIONS,
  type Initialisation,
  loadTestProblem,
  type TestProblem,
  VARIANTS,
  type Variant,
} from '../testproblem/index.js';
import { expectedL2Term } from './initial-values.js';
import type { BeforeTraining } from './measured.js';
import { type Spread, spreadOf } from './spread.js';
import { type Parts, STATED, type StatedLine, type StatedProblem } from './stated.js';

/** A published figure before training. */
export interface PublishedStart {
  readonly from: string;
  readonly loss: Spread;
  readonly accuracy: Spread | null;
}

/** One of DeepOBS' lines of a test problem, beside the version here that follows it. */
export interface LineEntry {
  readonly variant: Variant;
  readonly stated: StatedLine;
  /** Of the version here. */
  readonly parameters: number;
  readonly expectedL2: number | null;
  readonly drawnL2: Spread | null;
  readonly initial: BeforeTraining['initial'][number]['rules'];
  readonly published: PublishedStart | null;
  readonly loss: Spread | null;
  readonly accuracy: Spread | null;
}

/** A test problem of DeepOBS beside ours. */
export interface ConformanceEntry {
  readonly stated: StatedProblem;
  readonly defaults: TestProblem['defaults'];
  readonly dataset: string;
  readonly parts: Parts;
  readonly steps: number;
  readonly lines: readonly LineEntry[];
}

/** How cifar10_3c3d_roos starts with one of its two initialisations, which the thesis compares. */
export interface ThesisStart {
  readonly init: Initialisation;
  readonly published: Spread;
  readonly loss: Spread | null;
}

/** The published starts of the thesis' third experiment beside ours. */
export function thesisStarts(measured: BeforeTraining, published: readonly PublishedBaseline[]): ThesisStart[] {
  const name = 'cifar10_3c3d_roos';
  const results = published.flatMap((file) => file.results).filter(({ testproblem }) => testproblem === name);
  return INITIALISATIONS.flatMap((init) => {
    const theirs = results.find((result) => (result.init ?? 'deepobs') === init && result.batch_size === 128);
    const [mean, std] = [theirs?.mean.test_losses?.[0] ?? null, theirs?.population_std.test_losses?.[0] ?? null];
    if (theirs === undefined || mean === null || std === null) return [];
    const here = measured.losses.find((row) => row.testproblem === name && row.init === init);
    const loss = here === undefined ? null : spreadOf(here.test_losses);
    return [{ init, published: { n: theirs.seeds.length, mean, std }, loss }];
  });
}

/** Every test problem of DeepOBS beside ours: what definitions say is computed, the rest is what was measured. */
export async function conformanceEntries(
  measured: BeforeTraining,
  published: readonly PublishedBaseline[],
): Promise<readonly ConformanceEntry[]> {
  return Promise.all(STATED.map((stated) => entryOf(stated, measured, published)));
}

async function entryOf(
  stated: StatedProblem,
  measured: BeforeTraining,
  published: readonly PublishedBaseline[],
): Promise<ConformanceEntry> {
  const problem = await loadTestProblem(stated.name);
  const { sizes } = datasetDefinition(problem.dataset);
  const lines = VARIANTS.flatMap((variant) => {
    const line = stated.lines[variant];
    return line === undefined ? [] : [lineOf(problem, variant, line, measured, published)];
  });
  return {
    ...{ stated, lines, defaults: problem.defaults, dataset: problem.dataset },
    parts: [sizes.train, sizes.valid, sizes.test],
    steps: Math.floor(sizes.train / problem.defaults.batchSize),
  };
}

function lineOf(
  problem: TestProblem,
  variant: Variant,
  stated: StatedLine,
  measured: BeforeTraining,
  published: readonly PublishedBaseline[],
): LineEntry {
  const own = problem.choose({ variant });
  const ofVersion = <Row extends { testproblem: string; variant: Variant | null }>(rows: readonly Row[]) =>
    rows.find((row) => row.testproblem === own.name && row.variant === own.variant);
  const losses = ofVersion(measured.losses);
  const terms = ofVersion(measured.l2_terms)?.terms;
  return {
    ...{ variant, stated, parameters: own.parameterCount },
    expectedL2: own.defaults.l2Reg === null ? null : expectedL2Term(own, stated.initial),
    drawnL2: terms === undefined ? null : spreadOf(terms),
    initial: ofVersion(measured.initial)?.rules ?? [],
    published: publishedStart(own.name, variant, published),
    loss: losses === undefined ? null : spreadOf(losses.test_losses),
    accuracy: losses?.test_accuracies == null ? null : spreadOf(losses.test_accuracies),
  };
}

/** The published figures of a line: all optimizers of a seed start alike, so one of them is enough. */
function publishedStart(
  name: string,
  variant: Variant,
  published: readonly PublishedBaseline[],
): PublishedStart | null {
  for (const { engine, results, name: from } of published) {
    if ((engine === 'tensorflow') !== (variant === 'tf')) continue;
    const result = results.find(({ testproblem, init }) => testproblem === name && init === undefined);
    if (result === undefined) continue;
    const spread = (metric: 'test_losses' | 'test_accuracies'): Spread | null => {
      const [mean, std] = [result.mean[metric]?.[0] ?? null, result.population_std[metric]?.[0] ?? null];
      return mean === null || std === null ? null : { n: result.seeds.length, mean, std };
    };
    const loss = spread('test_losses');
    if (loss !== null) return { from, loss, accuracy: spread('test_accuracies') };
  }
  return null;
}
