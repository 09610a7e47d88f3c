import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findResultFiles, type RunFile, readRunFile, reproducibleContent } from '../../src/results/index.js';

/**
 * SGD with faults that can be switched on: while a file of the fault's name lies beside the optimizer's, each step of the
 * setting with this fault does what it says.
 */
const faultyOptimizer = `
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chain, defineOptimizer, scaleByLearningRate, z } from 'probprec';

const faults = {
  killed: () => process.kill(process.pid, 'SIGKILL'),
  failing: () => { throw new Error('the minibatch is cursed'); },
  slow: () => sleep(100),
  endless: () => sleep(60_000),
  // One process takes the file away, in its second epoch, and takes its time from then on.
  stuck: (file, steps, stepsPerEpoch) => {
    if (steps > stepsPerEpoch) rmSync(file);
    isStuck = steps > stepsPerEpoch;
  },
};
let isStuck = false;
const sgd = defineOptimizer({
  name: 'faulty',
  className: 'Faulty',
  description: 'sgd with faults',
  hyperparameters: z.strictObject({ lr: z.number(), fault: z.string().default('none') }),
  transformation: () => chain(scaleByLearningRate()),
});
export default {
  ...sgd,
  start: async (task, settings) => {
    const training = await sgd.start(task, settings);
    const step = training.step.bind(training);
    const file = fileURLToPath(new URL(settings.fault, import.meta.url));
    let steps = 0;
    training.step = async (batch) => {
      steps += 1;
      if (isStuck) await sleep(5000);
      else if (existsSync(file)) {
        // Says that training has begun, for tests that wait for it.
        if (steps === 1) writeFileSync(new URL('trains-' + process.pid, import.meta.url), '');
        await faults[settings.fault]?.(file, steps, task.stepsPerEpoch);
      }
      return step(batch);
    };
    return training;
  },
};
`;

/** A plan of runs that take well under a second each. */
export interface SmallPlan {
  readonly faults?: readonly string[];
  readonly seeds?: string;
  readonly epochs?: number;
  readonly syntheticSize?: number;
  readonly outputDir?: string;
  /** Further lines of the plan file. */
  readonly more?: string;
}

/** A new folder with the faulty optimizer. */
export async function sweepFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'probprec-sweep-'));
  await writeFile(join(folder, 'faulty.mjs'), faultyOptimizer);
  return folder;
}

/** Writes a plan file into the folder; its name. */
export async function writePlan(folder: string, name: string, plan: SmallPlan = {}): Promise<string> {
  const { faults = ['none'], seeds = '1-2', epochs = 2, syntheticSize = 600, outputDir = 'results', more = '' } = plan;
  const text = `
testproblems: mnist_logreg
optimizers: ./faulty.mjs
settings: { lr: 0.1, fault: [${faults.join(', ')}] }
seeds: ${seeds}
options: { num_epochs: ${epochs}, batch_size: 32, data: synthetic, synthetic_size: ${syntheticSize} }
output_dir: ${outputDir}
${more}`;
  await writeFile(join(folder, name), text);
  return name;
}

/** The run files below a folder. */
export async function runFiles(folder: string): Promise<RunFile[]> {
  return Promise.all((await findResultFiles([folder])).map(readRunFile));
}

/** What does not depend on when and how fast runs were made, by the runs' identities. */
export async function reproducibleResults(folder: string): Promise<Record<string, unknown>> {
  const files = await runFiles(folder);
  return Object.fromEntries(files.map((file) => [file.configuration_hash, reproducibleContent(file)]));
}
