import type { DataSplit } from '../../dataset/index.js';
import type { Engine } from '../../engine/index.js';
import type { ResolvedRun } from '../configuration.js';
import type { TrainingLoop } from '../loop.js';
import { ObservedLoss, ObservedPoint } from './observed-point.js';
import { quantities } from './quantities.js';
import { isDue, type ObservationRequest } from './schedule.js';

/**
 * Measures along a training and writes into its record. Nothing of the training is shared: programs, minibatches and random
 * numbers are the observers' own, so that the training is the same to the bit without them.
 */
export class Observers {
  readonly #requests: readonly ObservationRequest[];
  readonly #parts: { readonly engine: Engine; readonly resolved: ResolvedRun; readonly split: DataSplit };
  readonly #signal: AbortSignal | undefined;
  #loss: ObservedLoss | null = null;

  constructor(
    requests: readonly ObservationRequest[],
    parts: { readonly engine: Engine; readonly resolved: ResolvedRun; readonly split: DataSplit },
    signal: AbortSignal | undefined,
  ) {
    this.#requests = requests;
    this.#parts = parts;
    this.#signal = signal;
  }

  /** After a step, or where a run begins or goes on: what is due and not in the record yet. */
  async afterStep(loop: TrainingLoop): Promise<void> {
    const { stepsPerEpoch, record } = loop;
    const total = loop.position.epoch * stepsPerEpoch + (loop.position.step ?? 0);
    const due = this.#requests.filter((request) => isDue(request, total, stepsPerEpoch));
    const epoch = Math.floor(total / stepsPerEpoch);
    const step = total - epoch * stepsPerEpoch;
    const last = record.observations.at(-1);
    if (due.length === 0 || (last !== undefined && last.epoch * stepsPerEpoch + last.step >= total)) return;
    const started = performance.now();
    const { engine, resolved, split } = this.#parts;
    this.#loss ??= new ObservedLoss(engine, resolved, split);
    const point = new ObservedPoint(this.#loss, loop, this.#signal);
    const values: Record<string, number | null> = {};
    for (const { quantity } of due) {
      for (const [name, value] of Object.entries(await quantities[quantity](point))) {
        values[name] = value !== null && Number.isFinite(value) ? value : null;
      }
    }
    const seconds = (performance.now() - started) / 1000;
    record.observations.push({ epoch, step, values, cost: { ...point.cost, seconds } });
  }
}
