import type { Engine } from '../engine/index.js';
import {
  checkTransformation,
  describeHyperparameters,
  type HyperparameterValue,
  type OptimizerDefinition,
} from '../optimizer/index.js';
import type { UserCode } from '../user-file/user-code.js';
import { AHEAD, ChangingValues } from './changing-values.js';
import { type Finding, finding } from './finding.js';
import { difference, network, OptimizerTrial, type Outcome, placeText } from './optimizer-trial.js';

/** Steps of an epoch at least: rules that do something every tenth step come to it. */
const STEPS = 12;

/**
 * Looks at an optimizer: its update, what it refuses, whether it repeats, and whether it goes on from what it saved.
 * `definitions` are those of two copies of the file's module.
 */
export async function checkOptimizer(
  definitions: readonly [OptimizerDefinition, OptimizerDefinition],
  code: UserCode,
  engine: Engine,
): Promise<readonly Finding[]> {
  const [definition] = definitions;
  const { file, modules } = code;
  const findings = [await finding('its hyperparameters refuse invalid values', () => checkRefusals(definition, code))];
  const values = usableValues(definition);
  const shapes = network.parameters.map(({ shape }) => shape);
  findings.push(
    await finding('its update gives a tensor for each parameter, and the state that its init gave', () =>
      checkTransformation(file, definition, values, { shapes, modules }),
    ),
  );
  if (findings.some(({ fault }) => fault !== null)) return findings;
  const steps = Math.max(STEPS, 4 + (definition.minimumStepsPerEpoch?.(values).steps ?? 1));
  const trial = new OptimizerTrial(engine, definitions, values, steps);
  const changing = new ChangingValues(code);
  let whole: Outcome | null = null;
  findings.push(
    await finding('it trains, and every loss is finite', async () => {
      whole = await changing.during(() => trial.run());
      const bad = whole.losses.findIndex((loss) => !Number.isFinite(loss));
      const place = code.placeOfProperty('update') ?? code.placeOfProperty('step') ?? file;
      if (bad >= 0) throw new Error(`${place}: the loss of step ${bad + 1} is ${whole.losses[bad]}`);
    }),
  );
  if (whole === null || findings.at(-1)?.fault !== null) return findings;
  const first: Outcome = whole;
  findings.push(
    await finding('the same run gives the same numbers', async () => {
      const again = await changing.during(() => trial.run(), AHEAD);
      const differs = difference(first, again, steps);
      if (differs === null) return;
      const why = changing.suffix || '; is there a variable outside of the state, which the second run finds changed?';
      throw new Error(`${file}: two runs with one seed differ: ${differs}${why}`);
    }),
  );
  if (findings.at(-1)?.fault !== null) return findings;
  findings.push(await resumes(file, trial, first, steps));
  return findings;
}

/** Interrupts it everywhere in one run; where that shows, place by place. */
async function resumes(file: string, trial: OptimizerTrial, whole: Outcome, steps: number): Promise<Finding> {
  const places = await trial.places();
  const where = places.some(({ step }) => step !== null) ? 'after every step' : 'after every epoch';
  return finding(`it resumes from its saved state ${where} as if it had not stopped`, async () => {
    if (difference(whole, await trial.run(places), steps) === null) return;
    const saved = difference(whole, await trial.run(places, 'saved'), steps);
    if (saved !== null) throw new Error(`${file}: its save() changes the training: ${saved}`);
    const hint = 'is there a state that save() leaves out, or a variable outside of the state?';
    for (const place of places) {
      const differs = difference(whole, await trial.run([place]), steps);
      if (differs === null) continue;
      throw new Error(
        `${file}: a run that resumes after ${placeText(place)} differs from one that was not stopped: ${differs}; ${hint}`,
      );
    }
    throw new Error(
      `${file}: a run that is interrupted after every step differs from one that was not stopped; ${hint}`,
    );
  });
}

/** Values of the declared types that every field has to refuse. */
function checkRefusals(definition: OptimizerDefinition, code: UserCode): void {
  for (const { name, type } of describeHyperparameters(definition)) {
    const wrong: unknown = type === 'string' ? 7 : 'none of these';
    const field = definition.hyperparameters.shape[name] as { safeParse(value: unknown): { success: boolean } };
    if (!field.safeParse(wrong).success && !(type !== 'string' && field.safeParse(Number.NaN).success)) continue;
    const place = code.placeOfProperty(name);
    throw new Error(
      `${place === null ? '' : `${place}: `}hyperparameter ${name}: it takes ${JSON.stringify(wrong)} or NaN as a value, expected a type such as z.number().min(0)`,
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
