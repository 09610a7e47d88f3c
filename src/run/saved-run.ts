import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ProbprecError } from '../errors.js';
import { removeFile } from '../regular-file.js';
import { hashConfiguration, type RunConfiguration } from '../results/index.js';
import { say, switchedOff } from '../words.js';
import { type Checkpoint, putAside, readCheckpoint, readCheckpointHeader, writeCheckpoint } from './checkpoint.js';
import { type CheckpointArray, DamagedContent } from './checkpoint-format.js';
import type { CheckpointHeader } from './checkpoint-header.js';
import type { sourcesOf } from './checkpoint-origin.js';
import { Journal } from './journal.js';
import { inspectLock, isStale } from './lock-file.js';
import { isCheckpointOf, placeOfCheckpoint, runPlace } from './place.js';
import { RunRecord } from './record.js';

/** Checkpoints may take this part of the time, so short epochs do not end in one each … */
const SHARE = 0.05;
/** … but this many seconds are never lost, unless an epoch takes longer. */
const MOST_SECONDS = 30;

/** A run as it was saved. */
export interface LoadedRun {
  readonly checkpoint: Checkpoint;
  readonly record: RunRecord;
  /** The completed run of fewer epochs that the checkpoint is the end of; absent where it is the run's own. */
  readonly extended?: { readonly path: string; readonly numEpochs: number };
}

/** How far a run is saved. */
type SavedPosition = Pick<CheckpointHeader, 'epoch' | 'part_of_epoch'>;

/** What a run that is to go on must agree with. */
export interface LoadExpectation {
  /** Why epochs with this header must not be continued; empty when they may. */
  readonly incompatibilities: (header: CheckpointHeader) => readonly string[];
  readonly sources: ReturnType<typeof sourcesOf>;
  readonly stepsPerEpoch: number;
  readonly warn: (message: string) => void;
}

/** The progress of one run on disk: a checkpoint, which is replaced, and a journal, which grows. For who holds its lock. */
export class SavedRun {
  readonly path: string;
  readonly #journalPath: string;
  readonly #configuration: RunConfiguration;
  readonly #share: number;
  #journal: Journal | null = null;
  #savedAt = Number.NEGATIVE_INFINITY;
  #cost = 0;
  #kept: SavedPosition | null = null;

  /** `share` of the time may go into checkpoints; 1 saves after every epoch. */
  constructor(outputDir: string, configuration: RunConfiguration, { share = SHARE } = {}) {
    const { checkpoint, journal } = runPlace(outputDir, configuration);
    this.path = checkpoint;
    this.#journalPath = journal;
    this.#configuration = configuration;
    this.#share = share;
  }

  /** In words, what is kept of the run: `the checkpoint of epoch 3`; null when nothing is. */
  get kept(): string | null {
    if (this.#kept === null) return null;
    const { epoch, part_of_epoch: part } = this.#kept;
    return part === null
      ? `the checkpoint of epoch ${epoch}`
      : `the checkpoint of step ${part.step} in epoch ${epoch + 1}`;
  }

  /** Whether the checkpoint is one of this place of the run. */
  isAt(epoch: number, step: number | null): boolean {
    return this.#kept?.epoch === epoch && (this.#kept.part_of_epoch?.step ?? null) === step;
  }

  /**
   * The run as it was saved; null when there is nothing to go on from. What is damaged is put aside with a warning. Throws a
   * ProbprecError for what must not be continued: of another version, other data, another optimizer.
   */
  async load(expected: LoadExpectation): Promise<LoadedRun | null> {
    const found = await readCheckpoint(this.path);
    if (found.kind === 'none') {
      await this.#checkOtherSources(expected.sources);
      return null;
    }
    if (found.kind === 'other') throw refusal(this.path, [found.fault]);
    if (found.kind === 'damaged') return await this.reject(found.fault, expected.warn);
    const { checkpoint } = found;
    const fault = this.#faultOf(checkpoint.header, expected.stepsPerEpoch);
    if (fault !== null) return await this.reject(fault, expected.warn);
    const reasons = expected.incompatibilities(checkpoint.header);
    if (reasons.length > 0) throw refusal(this.path, reasons);
    try {
      const record = await this.#readRecord(checkpoint.header, expected.stepsPerEpoch);
      this.#kept = checkpoint.header;
      return { checkpoint, record };
    } catch (error) {
      if (!(error instanceof DamagedContent)) throw error;
      return await this.reject(error.message, expected.warn);
    }
  }

  /** Puts a checkpoint aside that cannot be used, with a warning. */
  async reject(fault: string, warn: (message: string) => void): Promise<null> {
    const aside = await putAside(this.path);
    this.#journal = null;
    this.#kept = null;
    warn(
      `${this.path}: damaged checkpoint: ${fault}; it is now ${basename(aside)}, and the run starts again from the beginning`,
    );
    return null;
  }

  /** Forgets what was saved: the run starts from the beginning. */
  async discard(): Promise<void> {
    const others = (await this.#otherVersions()).map(placeOfCheckpoint);
    const theirs = others.flatMap(({ checkpoint, journal, lock, crash }) => [checkpoint, journal, lock, crash]);
    for (const path of [this.path, this.#journalPath, ...theirs]) await removeFile(path);
    this.#journal = null;
    this.#kept = null;
  }

  /** Whether it is time for another checkpoint, by what the last one took. */
  get due(): boolean {
    const seconds = (performance.now() - this.#savedAt) / 1000;
    return seconds >= Math.min(MOST_SECONDS, this.#cost * (1 / this.#share - 1));
  }

  /** Saves the run: what is new goes into the journal, the rest into the checkpoint. Throws OutputError. */
  async save(
    header: Omit<CheckpointHeader, 'configuration_hash' | 'identity' | 'journal'>,
    arrays: Readonly<Record<string, CheckpointArray>>,
    record: RunRecord,
  ): Promise<void> {
    const start = performance.now();
    if (this.#journal === null) {
      // A checkpoint that is still there would lose the journal that it counts on.
      await removeFile(this.path);
      this.#journal = await Journal.create(this.#journalPath);
    }
    await this.#journal.append(record.takeNew());
    const own = {
      configuration_hash: hashConfiguration(this.#configuration),
      identity: identityOf(this.#configuration),
      journal: this.#journal.state,
    };
    await writeCheckpoint(this.path, { header: { ...own, ...header }, arrays });
    this.#kept = header;
    this.#savedAt = performance.now();
    this.#cost = (this.#savedAt - start) / 1000;
  }

  /** What speaks against a header of the right form. */
  #faultOf(
    { configuration_hash, epoch, part_of_epoch: part, resumed }: CheckpointHeader,
    stepsPerEpoch: number,
  ): string | null {
    const hash = hashConfiguration(this.#configuration);
    if (configuration_hash !== hash) {
      return `found the checkpoint of configuration ${configuration_hash.slice(0, 12)}, expected ${hash.slice(0, 12)}`;
    }
    const { numEpochs } = this.#configuration;
    if (epoch > numEpochs) return `found epoch ${epoch}, expected at most ${numEpochs}`;
    const taken = [...resumed.map((entry) => entry.epoch), epoch];
    const later = taken.findIndex((entry, index) => entry > (taken[index + 1] ?? epoch));
    if (later >= 0)
      return `found that it was resumed after epoch ${taken[later]}, expected at most ${taken[later + 1]}`;
    if (part === null) return epoch > 0 ? null : 'found epoch 0 and no step, expected one of them';
    return part.step <= stepsPerEpoch ? null : `found step ${part.step}, expected at most ${stepsPerEpoch}`;
  }

  async #readRecord(header: CheckpointHeader, stepsPerEpoch: number): Promise<RunRecord> {
    const { journal: state, epoch, part_of_epoch: part } = header;
    const logged = (steps: number) => Math.ceil(steps / this.#configuration.trainLogInterval);
    const minibatchLosses = epoch * logged(stepsPerEpoch) + logged(part?.step ?? 0);
    const mayBeTrained = part?.step === stepsPerEpoch;
    const { journal, entries } = await Journal.reopen(this.#journalPath, state);
    const record = recordOf(entries);
    if (!record.isOf({ epoch, mayBeTrained, minibatchLosses })) {
      throw new DamagedContent('a journal of other lengths', `the lists of ${epoch} epochs`);
    }
    this.#journal = journal;
    return record;
  }

  /** A user's file that was edited is another configuration; going on from the beginning should not go unnoticed. */
  async #checkOtherSources(sources: ReturnType<typeof sourcesOf>): Promise<void> {
    if (sources.length === 0) return;
    const [other] = await this.#otherVersions();
    if (other !== undefined) throw refusal(other, [`${sources[0]?.file} of the optimizer has changed`]);
  }

  /** Checkpoints of this run with another version of the user's optimizer file, which nobody trains. */
  async #otherVersions(): Promise<string[]> {
    const { optimizer, seed } = this.#configuration;
    if (optimizer.source === null) return [];
    const folder = dirname(this.path);
    const found: string[] = [];
    for (const name of await readdir(folder).catch(() => [])) {
      if (!isCheckpointOf(name, seed) || name === basename(this.path)) continue;
      const lock = await inspectLock(placeOfCheckpoint(join(folder, name)).lock).catch(() => null);
      if (lock !== null && !isStale(lock, Date.now())) continue;
      const header = await readCheckpointHeader(join(folder, name));
      if (header.kind === 'whole' && header.checkpoint.identity === identityOf(this.#configuration)) {
        found.push(join(folder, name));
      }
    }
    return found;
  }
}

/** What the lines of a journal say. Throws DamagedContent. */
export function recordOf(entries: readonly unknown[], options?: { readonly taken: boolean }): RunRecord {
  try {
    return RunRecord.of(entries, options);
  } catch {
    throw new DamagedContent('a journal with other content', 'lists of numbers');
  }
}

/** The configuration's hash without the content of a user's optimizer file. */
function identityOf(configuration: RunConfiguration): string {
  return hashConfiguration({ ...configuration, optimizer: { ...configuration.optimizer, source: null } });
}

/** Nothing is wrong with the request, so the exit code is 1. */
function refusal(path: string, reasons: readonly string[]): ProbprecError {
  return new ProbprecError(
    'file',
    {
      subject: path,
      what: `cannot resume from this checkpoint: ${reasons.join('; ')}`,
      remedy: say`${switchedOff('resume', 'resume')} starts over, or remove the file`,
    },
    { exitCode: 1 },
  );
}
