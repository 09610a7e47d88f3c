import { normalArray, type RandomStream, randomStream } from '../random/index.js';
import type { ExampleForm, Part, TableValues } from './example-table.js';

/** What synthetic examples are asked for. */
export interface SyntheticPart {
  readonly part: Part;
  readonly count: number;
  /** The stream of this part: `uniform()`, `normal()`, `integer(n)`. It does not depend on a run's seed. */
  readonly random: RandomStream;
}

const SEED = 20190506;
/** Distance of a class's centre from the origin in standard deviations of its examples, per number. */
const SPREAD = 1;

/** The stream of a part of a data set's synthetic examples. */
export function syntheticStream(name: string, part: Part): RandomStream {
  return randomStream(SEED, 'synthetic examples', name, part);
}

/**
 * Examples of a data set that says nothing else: numbers from a normal cloud around the centre of their class; tokens of
 * which each follows from the one before in three of four cases, with what would come next as labels of a sequence.
 */
export function syntheticExamples(name: string, form: ExampleForm, { count, random }: SyntheticPart): TableValues {
  return form.inputType === 'int' ? tokens(form, count, random) : clouds(name, form, count, random);
}

function clouds(name: string, form: ExampleForm, count: number, random: RandomStream): TableValues {
  const each = size(form.shape);
  const classes = form.classes ?? 1;
  const centres = normalArray(randomStream(SEED, 'synthetic centres', name), classes * each, 1);
  const perLabels = size(form.labelShape);
  const inputs = new Float32Array(count * each);
  const labels = new Int32Array(count * perLabels);
  for (let example = 0; example < count; example++) {
    const kind = random.integer(classes);
    labels.fill(kind, example * perLabels, (example + 1) * perLabels);
    for (let i = 0; i < each; i++) {
      inputs[example * each + i] = SPREAD * (centres[kind * each + i] as number) + random.normal();
    }
  }
  return { inputs, labels };
}

function tokens({ shape, vocabulary, classes, labelShape }: ExampleForm, count: number, random: RandomStream) {
  const each = size(shape);
  const words = vocabulary ?? 1;
  const perLabels = size(labelShape);
  const inputs = new Int32Array(count * each);
  const labels = new Int32Array(count * perLabels);
  for (let example = 0; example < count; example++) {
    let token = random.integer(words);
    for (let i = 0; i <= each; i++) {
      if (i < each) inputs[example * each + i] = token;
      // The labels of a sequence are the tokens that come next.
      if (i > 0 && perLabels === each) labels[example * each + i - 1] = token % (classes ?? 1);
      token = random.uniform() < 0.75 ? (token * 5 + 3) % words : random.integer(words);
    }
    if (perLabels !== each)
      labels.fill((inputs[example * each] as number) % (classes ?? 1), example * perLabels, (example + 1) * perLabels);
  }
  return { inputs, labels };
}

function size(shape: readonly number[]): number {
  return shape.reduce((n, length) => n * length, 1);
}
