import type { Engine } from '../engine/index.js';
import { OutputError } from '../errors.js';
import type { Training } from '../optimizer/index.js';
import type { ResolvedRun } from './configuration.js';
import type { RunEvent } from './events.js';
import { type KeepParameters, keepParameters, keptParametersBytes } from './kept-parameters.js';

/** Keeps the parameters of a run where that is asked for. */
export class ParameterKeeper {
  readonly #resolved: ResolvedRun;
  readonly #engine: Engine;
  readonly #outputDir: string;
  readonly #when: KeepParameters | undefined;
  readonly #emit: (event: RunEvent) => void;

  constructor(
    {
      resolved,
      engine,
      options,
    }: {
      readonly resolved: ResolvedRun;
      readonly engine: Engine;
      readonly options: { readonly outputDir: string; readonly keepParameters?: KeepParameters | undefined };
    },
    emit: (event: RunEvent) => void,
  ) {
    this.#resolved = resolved;
    this.#engine = engine;
    this.#outputDir = options.outputDir;
    this.#when = options.keepParameters;
    this.#emit = emit;
  }

  /** Says how much disk it takes from this epoch on. */
  announce(firstEpoch: number): void {
    const { configuration, testProblem } = this.#resolved;
    if (this.#when === undefined) return;
    const files = this.#when === 'end' ? 1 : configuration.numEpochs - firstEpoch;
    this.#emit({ type: 'keeping', files, bytesEach: keptParametersBytes(testProblem) });
  }

  /** After an epoch. A run does not fail because parameters cannot be written. */
  async keep(training: Training, epoch: number): Promise<void> {
    const { configuration, testProblem: problem } = this.#resolved;
    if (this.#when === undefined || (this.#when === 'end' && epoch < configuration.numEpochs)) return;
    try {
      const where = { outputDir: this.#outputDir, configuration, problem, epoch };
      const kept = await keepParameters(this.#engine, training, where);
      this.#emit({ type: 'parameters', epoch, ...kept });
    } catch (error) {
      if (!(error instanceof OutputError)) throw error;
      this.#emit({
        type: 'warning',
        message: `the parameters of epoch ${epoch} are not kept: ${error.message}; trained again (overwrite) the run keeps them`,
      });
    }
  }
}
