import type { Engine, Value } from '../engine/index.js';
import {
  checkTransformation,
  describeHyperparameters,
  type HyperparameterValue,
  type OptimizerDefinition,
  type Training,
  type TrainingState,
  trainingTask,
} from '../optimizer/index.js';
import { TrainingStreams } from '../optimizer/training-random.js';
import { randomStream } from '../random/index.js';
import {
  constantValue,
  defineTestProblem,
  dense,
  inputNames,
  softmaxCrossEntropy,
  type TestProblem,
  tanh,
  xavierNormal,
} from '../testproblem/index.js';
import type { UserSource } from '../user-file/source-identity.js';
import { type Finding, finding } from './finding.js';

const BATCH = 8;
const EPOCHS = 2;
const SEED = 42;

/** A small network with matrices and biases. */
const network = defineTestProblem({
  name: 'check',
  description: 'what optimizer files are tried on',
  dataset: 'none',
  inputShape: [4],
  defaults: { batchSize: BATCH, numEpochs: EPOCHS },
  initial: { weights: xavierNormal(), biases: constantValue(0) },
  network: [dense(6), tanh(), dense(3, { output: true })],
  loss: softmaxCrossEntropy(),
});

/** Looks at an optimizer: its update, what it refuses, whether it repeats, and whether it goes on from what it saved. */
export async function checkOptimizer(
  file: string,
  definition: OptimizerDefinition,
  source: UserSource,
  engine: Engine,
): Promise<Finding[]> {
  const findings = [await finding('its hyperparameters refuse invalid values', () => checkRefusals(definition))];
  const values = usableValues(definition);
  const shapes = network.parameters.map(({ shape }) => shape);
  const modules = source.modules;
  findings.push(
    await finding('its update gives a tensor for each parameter, and the state that its init gave', () =>
      checkTransformation(file, definition, values, { shapes, modules }),
    ),
  );
  if (findings.some(({ fault }) => fault !== null)) return findings;
  const steps = Math.max(4, definition.minimumStepsPerEpoch?.(values).steps ?? 1);
  const trial = new Trial(engine, definition, values, steps);
  const whole = await finding('it trains, and every loss is finite', async () => {
    const { losses } = await trial.run();
    const bad = losses.findIndex((loss) => !Number.isFinite(loss));
    if (bad >= 0) throw new Error(`${file}: the loss of step ${bad + 1} is ${losses[bad]}`);
  });
  findings.push(whole);
  if (whole.fault !== null) return findings;
  findings.push(
    await finding('the same run gives the same numbers', async () => {
      await expectSame(await trial.run(), await trial.run(), `${file}: two runs with one seed differ`);
    }),
    await finding('it resumes from its saved state as if it had not stopped', async () => {
      const reference = await trial.run();
      for (let epoch = 1; epoch < EPOCHS + 1; epoch++) {
        const resumed = await trial.run(epoch);
        const why = `${file}: a run that resumes after epoch ${epoch} differs from one that was not stopped; is there a state that save() leaves out, or a variable outside of the state?`;
        await expectSame(reference, resumed, why);
      }
    }),
  );
  return findings;
}

/** Values of the declared types that every field has to refuse. */
function checkRefusals(definition: OptimizerDefinition): void {
  for (const { name, type } of describeHyperparameters(definition)) {
    const wrong: unknown = type === 'string' ? 7 : 'none of these';
    const field = definition.hyperparameters.shape[name] as { safeParse(value: unknown): { success: boolean } };
    if (!field.safeParse(wrong).success && !(type !== 'string' && field.safeParse(Number.NaN).success)) continue;
    throw new Error(
      `hyperparameter ${name}: it takes ${JSON.stringify(wrong)} or NaN as a value, expected a type such as z.number().min(0)`,
    );
  }
}

/** The defaults; where there is none, a small number for a number, the first choice for a text. */
function usableValues(definition: OptimizerDefinition): Record<string, HyperparameterValue> {
  const values = describeHyperparameters(definition).map(({ name, type, required, default: usual, choices }) => {
    if (!required) return [name, usual] as const;
    return [
      name,
      type === 'number' ? 0.01 : type === 'integer' ? 1 : type === 'boolean' ? false : (choices?.[0] ?? ''),
    ] as const;
  });
  return definition.hyperparameters.parse(Object.fromEntries(values.filter(([, value]) => value !== null))) as Record<
    string,
    HyperparameterValue
  >;
}

interface Outcome {
  readonly losses: readonly number[];
  readonly parameters: readonly (readonly number[])[];
}

/** Short trainings of one optimizer on the same minibatches. */
class Trial {
  readonly #engine: Engine;
  readonly #definition: OptimizerDefinition;
  readonly #values: Record<string, HyperparameterValue>;
  readonly #steps: number;

  constructor(
    engine: Engine,
    definition: OptimizerDefinition,
    values: Record<string, HyperparameterValue>,
    steps: number,
  ) {
    this.#engine = engine;
    this.#definition = definition;
    this.#values = values;
    this.#steps = steps;
  }

  /** Trains; with `saveAfter` the training is saved after so many epochs and another one goes on from there. */
  async run(saveAfter: number | null = null): Promise<Outcome> {
    let [training, streams] = await this.#start();
    const losses: number[] = [];
    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      streams.moveTo(epoch, 0);
      await training.beginEpoch(epoch, 1);
      for (let step = 0; step < this.#steps; step++) {
        streams.moveTo(epoch, step);
        losses.push(await training.step(minibatch(this.#engine, network, epoch, step)));
      }
      await training.endEpoch();
      if (saveAfter !== epoch + 1) continue;
      const saved = copied(await training.save());
      [training, streams] = await this.#start();
      await training.restore(saved);
    }
    const parameters: number[][] = [];
    for (const value of training.parameters) parameters.push(Array.from(await this.#engine.download(value)));
    return { losses, parameters };
  }

  async #start(): Promise<[Training, TrainingStreams]> {
    const streams = new TrainingStreams(SEED);
    const task = trainingTask(this.#engine, network, {
      stepsPerEpoch: this.#steps,
      seed: SEED,
      random: (name) => streams.stream(name),
    });
    return [await this.#definition.start(task, this.#values), streams];
  }
}

/** As a file would keep it: plain data as JSON, arrays by value. */
function copied({ arrays, values }: TrainingState): TrainingState {
  const kept = Object.entries(arrays).map(([name, array]) => [name, array.slice()] as const);
  return { arrays: Object.fromEntries(kept), values: JSON.parse(JSON.stringify(values)) as TrainingState['values'] };
}

function minibatch(engine: Engine, problem: TestProblem, epoch: number, step: number): Record<string, Value> {
  const stream = randomStream(SEED, 'check', epoch, step);
  const inputs = Float32Array.from({ length: BATCH * 4 }, () => stream.normal());
  const labels = Int32Array.from({ length: BATCH }, () => stream.integer(3));
  return {
    [inputNames.inputs]: engine.upload(inputs, [BATCH, ...problem.inputShape]),
    [inputNames.labels]: engine.upload(labels, [BATCH]),
  };
}

async function expectSame(left: Outcome, right: Outcome, why: string): Promise<void> {
  if (JSON.stringify(left) !== JSON.stringify(right)) throw new Error(why);
}
