import { normalisedPixelValues } from './assemble.js';
import { cifarLayouts } from './cifar-layouts.js';
import type { ContentDefinition, ImageDatasetDefinition } from './definition.js';

const ARCHIVE = 'cifar-10-binary.tar.gz';
const ARCHIVE_MD5 = 'c32a1d4ab5d03f1284b67883e8d87530';

const CONTENTS: readonly ContentDefinition[] = [
  ...[1, 2, 3, 4, 5].map(
    (batch): ContentDefinition => ({ name: `data_batch_${batch}.bin`, part: 'train', holds: 'records', count: 10_000 }),
  ),
  { name: 'test_batch.bin', part: 'test', holds: 'records', count: 10_000 },
];

/**
 * CIFAR-10: small colour photographs (Krizhevsky 2009), in the binary or the Python version, which hold the same images in
 * the same order. Of the binary version only the archive has a published MD5; the .bin files in it have none, so a folder of
 * unpacked files is used but never counts as verified.
 */
export const cifar10: ImageDatasetDefinition = {
  kind: 'images',
  name: 'cifar10',
  title: 'CIFAR-10',
  description: 'photographs of animals and vehicles, 32×32 colour, 10 classes',
  shape: [3, 32, 32],
  image: { channels: 3, height: 32, width: 32 },
  classes: 10,
  sizes: { train: 40_000, valid: 10_000, trainEval: 10_000, test: 10_000 },
  files: [
    {
      path: `cifar10/${ARCHIVE}`,
      size: 170_052_171,
      md5: ARCHIVE_MD5,
      urls: [
        `https://www.cs.toronto.edu/~kriz/${ARCHIVE}`,
        `https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/${ARCHIVE}`,
      ],
    },
  ],
  contents: CONTENTS,
  layouts: cifarLayouts({
    contents: CONTENTS,
    // Ours, the data directory itself (torchvision's way), DeepOBS', and a common one.
    folders: ['cifar10/', '', 'cifar-10/', 'CIFAR10/'],
    binary: { archive: ARCHIVE, md5: ARCHIVE_MD5, folder: 'cifar-10-batches-bin' },
    python: {
      archive: 'cifar-10-python.tar.gz',
      md5: 'c58f30108f718f92721af3b95e74349a',
      folder: 'cifar-10-batches-py',
      // torchvision.datasets.CIFAR10
      files: {
        data_batch_1: 'c99cafc152244af753f735de768cd75f',
        data_batch_2: 'd4bba439e000b95fd0a9bffe97cbabec',
        data_batch_3: '54ebc095f3ab1f0389bbae665268c751',
        data_batch_4: '634d18415352ddfa80567beed471001a',
        data_batch_5: '482c414d41f54cd18b22e5b47cb7c3cb',
        test_batch: '40351d587109b95175f43aff81a1287e',
      },
    },
  }),
  // Mean and standard deviation of the training file's channels, as DeepOBS has them.
  pixelValues: () => normalisedPixelValues([0.49139968, 0.48215841, 0.44653091], [0.24703223, 0.24348513, 0.26158784]),
  augmentation: { mirrors: true },
  synthetic: { patch: [12, 20], contrast: [60, 130], noise: 14, cue: 0.35 },
};
