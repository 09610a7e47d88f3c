import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { FileError } from '../errors.js';
import { readText } from '../results/index.js';
import { INITIALISATIONS, VARIANTS } from '../testproblem/index.js';
import { expectedBy, pathText } from '../zod-expectation.js';

const version = {
  testproblem: z.string(),
  variant: z.enum(VARIANTS).nullable(),
  init: z.enum(INITIALISATIONS).nullable(),
};
const values = z.array(z.number());

/** What `scripts/conformance/before-training.mjs` measures, at the initial values of some seeds. */
const beforeTraining = z.strictObject({
  /** Made by drawing alone; a row for each version of each test problem. */
  initial: z.array(
    z.strictObject({
      ...version,
      seed: z.int(),
      rules: z.array(
        z.strictObject({
          rule: z.string(),
          kinds: z.array(z.string()),
          numbers: z.int(),
          scale: z.number().nullable(),
          kurtosis: z.number().nullable(),
          largest: z.number(),
        }),
      ),
    }),
  ),
  l2_terms: z.array(z.strictObject({ ...version, seeds: z.array(z.int()), terms: values })),
  /** Loss and accuracy on the real test data, the last incomplete batch left out. */
  losses: z.array(
    z.strictObject({
      ...version,
      seeds: z.array(z.int()),
      test_losses: values,
      test_accuracies: values.nullable(),
    }),
  ),
});

/** What `scripts/conformance/curves.mjs` trains. */
const curves = z.strictObject({
  runs: z.array(
    z.strictObject({
      testproblem: z.string(),
      variant: z.enum(VARIANTS).nullable(),
      optimizer: z.string(),
      seed: z.int(),
      hyperparameters: z.record(z.string(), z.number()),
      steps_per_epoch: z.int(),
      test_losses: values,
      test_accuracies: values.nullable(),
    }),
  ),
});

/** What `scripts/conformance/steps.mjs` measures of large networks, on synthetic images. */
const steps = z.strictObject({
  machine: z.string(),
  rows: z.array(
    z.strictObject({
      testproblem: z.string(),
      batch_size: z.int(),
      optimizer: z.string(),
      hyperparameters: z.record(z.string(), z.number()),
      threads: z.int(),
      /** Of each step, before it. */
      losses: values,
      /** Wall and processor time of a step in training, medians. */
      wall_seconds: z.number(),
      cpu_seconds: z.number(),
      /** Largest resident memory of the process. */
      peak_bytes: z.number(),
    }),
  ),
});

/** What `scripts/conformance/two_d.py` trains with NumPy, in float64: test losses after some epochs. */
const twoD = z.strictObject({
  rows: z.array(
    z.strictObject({
      testproblem: z.string(),
      optimizer: z.string(),
      lr: z.number(),
      /** Number of runs, each with an order of its own. */
      n: z.int(),
      epochs: z.array(z.int()),
      mean: values,
      std: values,
    }),
  ),
});

export type BeforeTraining = z.infer<typeof beforeTraining>;
export type MeasuredCurves = z.infer<typeof curves>;
export type MeasuredSteps = z.infer<typeof steps>;
export type TwoDReference = z.infer<typeof twoD>;

/** All measurements that the page shows. */
export interface Measured {
  readonly beforeTraining: BeforeTraining;
  readonly curves: MeasuredCurves;
  readonly steps: MeasuredSteps;
  readonly twoD: TwoDReference;
}

/** The folder of the stored measurements, which comes with the package. */
export function measurementsFolder(): string {
  return join(dirname(createRequire(import.meta.url).resolve('probprec/package.json')), 'conformance');
}

/** Reads the stored measurements. Throws FileError that names file and field. */
export function readMeasured(folder: string): Measured {
  const read = <T>(name: string, schema: z.ZodType<T>): T => {
    const path = join(folder, name);
    const { data, error } = schema.safeParse(JSON.parse(readText(path)));
    if (data !== undefined) return data;
    const issue = error?.issues[0];
    throw new FileError({
      subject: `${path}: field ${pathText(issue)}`,
      what: `expected ${expectedBy(issue)}, as its script writes it`,
    });
  };
  return {
    beforeTraining: read('before-training.json', beforeTraining),
    curves: read('curves.json', curves),
    steps: read('steps.json', steps),
    twoD: read('two-d.json', twoD),
  };
}
