import type { PixelValues } from './assemble.js';
import type { Dataset, SplitSizes } from './dataset.js';
import type { ImageShape } from './image-table.js';
import type { SyntheticStyle } from './synthetic.js';
import type { TextParts } from './text-split.js';

/**
 * A file as its authors publish it: where `data fetch` puts it (below the data directory), its size in bytes, its MD5, and
 * its mirrors in the order in which they are asked.
 */
export interface PublishedFile {
  readonly path: string;
  readonly size: number;
  readonly md5: string;
  readonly urls: readonly string[];
}

/** One unpacked file of a data set and what must be in it. */
export interface ContentDefinition {
  readonly name: string;
  readonly part: 'train' | 'test';
  /** IDX images, IDX labels, or CIFAR records (a byte for each label, then the image). */
  readonly holds: 'images' | 'labels' | 'records';
  readonly count: number;
  /** The labels of a record, the last of which is the class; default one, `labels`. */
  readonly labels?: readonly RecordLabel[];
}

/** A label of a record: its key in the Python version, and how many values it has. */
export interface RecordLabel {
  readonly key: 'labels' | 'coarse_labels' | 'fine_labels';
  readonly classes: number;
}

/** A place where a file may lie, with the published MD5 of the file there, null if none is published. */
export interface FilePlace {
  readonly path: string;
  readonly md5: string | null;
}

/**
 * One file of a layout: what it contains (a tar archive holds several contents) and where it may lie, best place first.
 * Whether a file is packed with gzip is seen in its first bytes, not in its name.
 */
export interface LayoutFile {
  readonly contents: readonly string[];
  /** `binary`: the contents as they are defined; `pickle`: as Python has them (CIFAR); `matlab`: as MATLAB has them (SVHN). */
  readonly format: 'binary' | 'pickle' | 'matlab';
  readonly places: readonly FilePlace[];
}

/** What every data set says about itself. */
interface Description {
  readonly name: string;
  readonly title: string;
  /** One line for `list datasets`. */
  readonly description: string;
  readonly shape: readonly number[];
  /** Absent for `float`; `int` for tokens. */
  readonly inputType?: 'float' | 'int';
  /** Tokens are 0 … vocabulary − 1; null or absent where inputs are no tokens. */
  readonly vocabulary?: number | null;
  /** Labels are 0 … classes − 1; null where examples have none. */
  readonly classes: number | null;
  /** Shape of one example's labels; absent for [], one class number. */
  readonly labelShape?: readonly number[];
  readonly sizes: SplitSizes;
  /** What `data fetch` downloads; empty if nothing. */
  readonly files: readonly PublishedFile[];
}

/** A data set of labelled images, from files or synthetic. */
export interface ImageDatasetDefinition extends Description {
  readonly kind: 'images';
  readonly classes: number;
  readonly image: ImageShape;
  readonly contents: readonly ContentDefinition[];
  /** Complete ways to have the data set on disk, best first. */
  readonly layouts: readonly (readonly LayoutFile[])[];
  /** Float32 value of each byte of each channel. */
  pixelValues(): PixelValues;
  /** How training images are augmented; null if not at all. */
  readonly augmentation: { readonly mirrors: boolean } | null;
  readonly synthetic: SyntheticStyle;
}

/** A data set that a formula generates. */
export interface GeneratedDatasetDefinition extends Description {
  readonly kind: 'generated';
  /** Generates it. */
  open(): Dataset;
}

/** A text in one file, cut into sequences of tokens; the labels of a sequence are the tokens that come next. */
export interface TextDatasetDefinition extends Description {
  readonly kind: 'text';
  /** Different tokens. */
  readonly classes: number;
  /** Where the file may lie, best place first. */
  readonly places: readonly FilePlace[];
  /** The parts of the file's text. Throws DataError, which names `where`, if it is another text. */
  parts(bytes: Uint8Array, where: string): TextParts;
}

/** How a data set that somebody defined is opened. */
export interface OwnOpenOptions {
  readonly dataDir: string;
  /** Training and validation examples together; null to load the real ones. */
  readonly syntheticSize: number | null;
}

/** A data set that somebody defined in a file of their own: `defineDataset`. */
export interface OwnDatasetDefinition extends Description {
  readonly kind: 'own';
  readonly inputType: 'float' | 'int';
  readonly labelShape: readonly number[];
  /** Loads it. Throws what the definition's own code throws, and ConfigurationError for examples that are not as stated. */
  open(options: OwnOpenOptions): Promise<Dataset>;
}

/** A data set before it is opened. */
export type DatasetDefinition =
  | ImageDatasetDefinition
  | TextDatasetDefinition
  | GeneratedDatasetDefinition
  | OwnDatasetDefinition;
