import { unitPixelValues } from './assemble.js';
import type { ContentDefinition, ImageDatasetDefinition, LayoutFile, PublishedFile } from './definition.js';
import type { SyntheticStyle } from './synthetic.js';

const CONTENTS: readonly ContentDefinition[] = [
  { name: 'train-images-idx3-ubyte', part: 'train', holds: 'images', count: 60_000 },
  { name: 'train-labels-idx1-ubyte', part: 'train', holds: 'labels', count: 60_000 },
  { name: 't10k-images-idx3-ubyte', part: 'test', holds: 'images', count: 10_000 },
  { name: 't10k-labels-idx1-ubyte', part: 'test', holds: 'labels', count: 10_000 },
];

/** Published MD5s of one file, unpacked and as .gz, and bytes of the .gz. */
type Checksums = Readonly<Record<string, { readonly plain: string; readonly packed: string; readonly size: number }>>;

interface IdxDataset {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Folders below the data directory: ours, which is DeepOBS' too, torchvision's, and others that people have. */
  readonly folders: readonly string[];
  readonly mirrors: readonly string[];
  readonly checksums: Checksums;
  readonly synthetic: SyntheticStyle;
}

function defineIdxDataset(dataset: IdxDataset): ImageDatasetDefinition {
  const { folders, mirrors, checksums } = dataset;
  const layout = CONTENTS.map(
    ({ name }): LayoutFile => ({
      contents: [name],
      format: 'binary',
      places: folders.flatMap((folder) =>
        [name, dotted(name)].flatMap((stem) => [
          { path: `${folder}/${stem}`, md5: checksums[name]?.plain ?? null },
          { path: `${folder}/${stem}.gz`, md5: checksums[name]?.packed ?? null },
          // As Kaggle's archive unpacks: each file in a folder of its own name.
          { path: `${folder}/${stem}/${stem}`, md5: checksums[name]?.plain ?? null },
        ]),
      ),
    }),
  );
  return {
    kind: 'images',
    name: dataset.name,
    title: dataset.title,
    description: dataset.description,
    shape: [1, 28, 28],
    image: { channels: 1, height: 28, width: 28 },
    classes: 10,
    sizes: { train: 50_000, valid: 10_000, trainEval: 10_000, test: 10_000 },
    files: CONTENTS.map(
      ({ name }): PublishedFile => ({
        path: `${folders[0]}/${name}.gz`,
        size: checksums[name]?.size ?? 0,
        md5: checksums[name]?.packed ?? '',
        urls: mirrors.map((mirror) => `${mirror}${name}.gz`),
      }),
    ),
    contents: CONTENTS,
    layouts: [layout],
    pixelValues: () => unitPixelValues(1),
    augmentation: null,
    synthetic: dataset.synthetic,
  };
}

/** `train-images.idx3-ubyte`: the name that 7-Zip, WinRAR and macOS give when they unpack the .gz, which says so inside. */
function dotted(name: string): string {
  return name.replace('-idx', '.idx');
}

/** Handwritten digits (LeCun et al. 1998). */
export const mnist = defineIdxDataset({
  name: 'mnist',
  title: 'MNIST',
  description: 'handwritten digits, 28×28 grey, 10 classes',
  folders: ['mnist', 'MNIST/raw', 'MNIST'],
  mirrors: ['https://ossci-datasets.s3.amazonaws.com/mnist/', 'https://storage.googleapis.com/cvdf-datasets/mnist/'],
  checksums: {
    'train-images-idx3-ubyte': {
      plain: '6bbc9ace898e44ae57da46a324031adb',
      packed: 'f68b3c2dcbeaaa9fbdd348bbdeb94873',
      size: 9_912_422,
    },
    'train-labels-idx1-ubyte': {
      plain: 'a25bea736e30d166cdddb491f175f624',
      packed: 'd53e105ee54ea40749a09fcbcd1e9432',
      size: 28_881,
    },
    't10k-images-idx3-ubyte': {
      plain: '2646ac647ad5339dbf082846283269ea',
      packed: '9fb629c4189551a2d022fa330f9573f3',
      size: 1_648_877,
    },
    't10k-labels-idx1-ubyte': {
      plain: '27ae3e4e09519cfbb04c329615203637',
      packed: 'ec29112dd5afa0611ce80d1b7f02629c',
      size: 4_542,
    },
  },
  synthetic: { patch: [12, 20], contrast: [60, 130], noise: 14, cue: 0.35 },
});

/** Fashion-MNIST: photographs of clothes (Xiao, Rasul and Vollgraf 2017). */
export const fmnist = defineIdxDataset({
  name: 'fmnist',
  title: 'Fashion-MNIST',
  description: 'photographs of clothes, 28×28 grey, 10 classes',
  folders: ['fmnist', 'FashionMNIST/raw', 'FashionMNIST', 'fashion-mnist'],
  // Its authors' own server has no https, so it comes last.
  mirrors: [
    'https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/',
    'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
  ],
  checksums: {
    'train-images-idx3-ubyte': {
      plain: 'f4a8712d7a061bf5bd6d2ca38dc4d50a',
      packed: '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
      size: 26_421_880,
    },
    'train-labels-idx1-ubyte': {
      plain: '9018921c3c673c538a1fc5bad174d6f9',
      packed: '25c81989df183df01b3e8a0aad5dffbe',
      size: 29_515,
    },
    't10k-images-idx3-ubyte': {
      plain: '8181f5470baa50b63fa0f6fddb340f0a',
      packed: 'bef4ecab320f06d8554ea6380940ec79',
      size: 4_422_102,
    },
    't10k-labels-idx1-ubyte': {
      plain: '15d484375f8d13e6eb1aabb0c3f46965',
      packed: 'bb300cfdad3c16e7a12a480ee83cd310',
      size: 5_148,
    },
  },
  synthetic: { patch: [11, 18], contrast: [45, 115], noise: 18, cue: 0.35 },
});
