import { flatNumbers } from './flat-numbers.js';
import type { Metric } from './metrics.js';
import type { RecordedRun } from './recorded-run.js';
import { encodeSettings, type SettingValues } from './setting-value.js';

/**
 * Holds what is equal in many runs once: of fifty thousand files the conditions, settings and names are a few thousand values,
 * and would take most of the memory.
 */
export class SharedValues {
  readonly #texts = new Map<string, string>();
  readonly #objects = new Map<string, object>();
  readonly #hyperparameters = new Map<string, object>();

  /** The run with parts of earlier runs in the place of its own, where they are equal, and its lists as small as they can be. */
  of(run: RecordedRun): RecordedRun {
    const { timing } = run;
    return {
      ...run,
      curves: flatCurves(run.curves),
      timing: timing && { wallSeconds: flatNumbers(timing.wallSeconds), cpuSeconds: flatNumbers(timing.cpuSeconds) },
      testproblem: this.#text(run.testproblem),
      optimizer: this.#text(run.optimizer),
      setting: this.#text(run.setting),
      hyperparameters: this.#settings(run.hyperparameters),
      trainingParameters: this.#object(run.trainingParameters),
      ...(run.evaluations === undefined ? {} : { evaluations: this.#object(run.evaluations) }),
      conditions: this.#object(run.conditions),
      status: this.#object(run.status),
    };
  }

  #text(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }

  /** Of values that JSON holds as they are. */
  #object<T extends object>(value: T): T {
    return this.#known(this.#objects, JSON.stringify(value), value);
  }

  /** Of values that may be infinite or NaN. */
  #settings(value: SettingValues): SettingValues {
    return this.#known(this.#hyperparameters, JSON.stringify(encodeSettings(value)), value);
  }

  #known<T extends object>(all: Map<string, object>, text: string, value: T): T {
    const known = all.get(text);
    if (known !== undefined) return known as T;
    all.set(text, value);
    return value;
  }
}

function flatCurves(curves: RecordedRun['curves']): RecordedRun['curves'] {
  const flat: Partial<Record<Metric, RecordedRun['curves'][Metric]>> = {};
  for (const metric of Object.keys(curves) as Metric[]) {
    const curve = curves[metric];
    flat[metric] = curve == null ? curve : flatNumbers(curve);
  }
  return flat;
}
