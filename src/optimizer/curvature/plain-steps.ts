import { DriftMonitor } from './drift.js';
import type { StepsPhase } from './phases.js';
import type { FamilyContext } from './progress.js';
import { scalings } from './scaling.js';

/** Steps of the inner optimizer with the learning rate `lr`, before anything is estimated. */
export async function plainSteps({ settings, layers, programs, task }: FamilyContext, lr: number): Promise<StepsPhase> {
  const groups = layers.groups.map(() => ({ measured: { alpha: lr, w: 0, lambda: 0 }, alpha: lr, usable: false }));
  return {
    kind: 'steps',
    groups,
    // Zeros: the step's program asks for them, and nobody looks at its answer.
    reference: settings.restart.kind === 'drift' ? programs.prior.begin().sums : null,
    curved: null,
    t: 0,
    inner: await programs.steps.initialState(task.initialParameters),
    preconditioners: programs.steps.preconditioners(
      [],
      groups.map(({ alpha }) => alpha),
      scalings[settings.scaling],
    ),
    safeguard: null,
    drift: new DriftMonitor().state,
    signalled: false,
  };
}
