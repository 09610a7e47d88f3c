import type { Protocol } from './protocol.js';

export type { Protocol };

/** What an evaluation measures: fixed training images, validation images, test images. */
export type Phase = 'train_eval' | 'valid' | 'test';

/** Where the examples come from: files, the image generator, or (quadratic) a formula. */
export type DataSource = 'real' | 'synthetic' | 'generated';

/**
 * Examples in the order that a program takes them: inputs [size, ...shape] (images NCHW; integers for tokens), and labels
 * [size, ...labelShape] (one each for images) or none.
 */
export interface Batch {
  readonly inputs: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
  readonly labels: Int32Array | null;
  readonly size: number;
}

/** Examples in each part. `trainEval` examples are drawn from the training part, so they are not additional. */
export interface SplitSizes {
  readonly train: number;
  readonly valid: number;
  readonly trainEval: number;
  readonly test: number;
}

/** What the run file says about the data. */
export interface DatasetRecord {
  readonly name: string;
  readonly source: DataSource;
  /** Every file has the published MD5. Generated and synthetic data have no files and count as verified. */
  readonly verified: boolean;
  /** SHA-256 over names and MD5s of the unpacked contents: the same for the same bytes in any layout. */
  readonly checksum: string;
  readonly files: readonly FileRecord[];
  /** Images in the synthetic training file; null for other sources. */
  readonly syntheticSize: number | null;
}

/** One file that was read: its path below the data directory, its MD5, and whether that is the published one. */
export interface FileRecord {
  readonly path: string;
  readonly md5: string;
  readonly published: boolean;
}

/** An opened data set, held in memory. */
export interface Dataset {
  readonly name: string;
  readonly record: DatasetRecord;
  /** Shape of one example: [channels, height, width], or [100] for the quadratic problem. */
  readonly shape: readonly number[];
  readonly classes: number | null;
  readonly sizes: SplitSizes;
  /** The run's split and batches, a pure function of seed and protocol. */
  split(seed: number, protocol: Protocol): DataSplit;
}

/** One run's view of a data set. Every call with the same arguments gives the same batches; none depends on another. */
export interface DataSplit {
  readonly sizes: SplitSizes;
  /** Training steps in one epoch: the incomplete last batch is dropped. */
  trainingSteps(batchSize: number): number;
  /**
   * The batches of one epoch, shuffled, augmented where the data set says so. With `ahead`, a worker thread makes
   * augmented batches while those before are in use; they are the same. With `reuse`, a batch's inputs hold until the next
   * batch is asked for, which may be written to the same memory. `from` is the first batch that is given, by default 0.
   */
  trainingBatches(
    epoch: number,
    batchSize: number,
    options?: { readonly ahead?: boolean; readonly reuse?: boolean; readonly from?: number },
  ): AsyncIterable<Batch>;
  /**
   * The batches of one evaluation. Protocol probprec: every example once, the last batch may be smaller, the same at
   * every epoch. Protocol deepobs-beta: the incomplete batch is dropped, validation and train_eval are drawn again per
   * epoch, train_eval from the whole training file and augmented. Throws ConfigurationError if that leaves no batch.
   */
  evaluationBatches(phase: Phase, epoch: number, batchSize: number): AsyncIterable<Batch>;
}
