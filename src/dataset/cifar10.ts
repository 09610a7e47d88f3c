import { normalizedPixelValues } from './assemble.js';
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
 * CIFAR-10: small colour photographs (Krizhevsky 2009), in the binary version. Only the archive has a published MD5; the
 * .bin files in it have none, so a folder of unpacked files is used but never counts as verified.
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
      md5: ARCHIVE_MD5,
      urls: [
        `https://www.cs.toronto.edu/~kriz/${ARCHIVE}`,
        `https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets/${ARCHIVE}`,
      ],
    },
  ],
  contents: CONTENTS,
  layouts: [
    CONTENTS.map(({ name }) => ({
      contents: [name],
      places: [{ path: `cifar10/cifar-10-batches-bin/${name}`, md5: null }],
    })),
    [
      {
        contents: CONTENTS.map(({ name }) => name),
        places: [
          { path: `cifar10/${ARCHIVE}`, md5: ARCHIVE_MD5 },
          { path: ARCHIVE, md5: ARCHIVE_MD5 },
        ],
      },
    ],
  ],
  validationShare: 5,
  // Mean and standard deviation of the training file's channels, as DeepOBS has them.
  pixelValues: () => normalizedPixelValues([0.49139968, 0.48215841, 0.44653091], [0.24703223, 0.24348513, 0.26158784]),
  augmented: true,
  synthetic: { patch: [12, 20], contrast: [60, 130], noise: 14, cue: 0.35 },
};
