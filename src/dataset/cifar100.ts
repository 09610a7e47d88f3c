import { normalisedPixelValues } from './assemble.js';
import { cifarLayouts } from './cifar-layouts.js';
import type { ContentDefinition, ImageDatasetDefinition } from './definition.js';

const ARCHIVE = 'cifar-100-binary.tar.gz';
const ARCHIVE_MD5 = '03b5dce01913d631647c71ecec9e9cb8';

/** A record has the coarse label, then the fine one, which is the class, then the image. */
const LABELS = [
  { key: 'coarse_labels', classes: 20 },
  { key: 'fine_labels', classes: 100 },
] as const;

const CONTENTS: readonly ContentDefinition[] = [
  { name: 'train.bin', part: 'train', holds: 'records', count: 50_000, labels: LABELS },
  { name: 'test.bin', part: 'test', holds: 'records', count: 10_000, labels: LABELS },
];

/**
 * CIFAR-100: small colour photographs of 100 fine classes (Krizhevsky 2009), in the binary or the Python version. DeepOBS'
 * TensorFlow line reads each image one byte too early, so that its first pixel is the label; this reader does not.
 */
export const cifar100: ImageDatasetDefinition = {
  kind: 'images',
  name: 'cifar100',
  title: 'CIFAR-100',
  description: 'photographs of things and animals, 32×32 colour, 100 classes',
  shape: [3, 32, 32],
  image: { channels: 3, height: 32, width: 32 },
  classes: 100,
  sizes: { train: 40_000, valid: 10_000, trainEval: 10_000, test: 10_000 },
  files: [
    {
      path: `cifar100/${ARCHIVE}`,
      size: 168_513_733,
      md5: ARCHIVE_MD5,
      urls: [`https://www.cs.toronto.edu/~kriz/${ARCHIVE}`],
    },
  ],
  contents: CONTENTS,
  layouts: cifarLayouts({
    contents: CONTENTS,
    folders: ['cifar100/', '', 'cifar-100/', 'CIFAR100/'],
    binary: { archive: ARCHIVE, md5: ARCHIVE_MD5, folder: 'cifar-100-binary' },
    python: {
      archive: 'cifar-100-python.tar.gz',
      md5: 'eb9058c3a382ffc7106e4002c42a8d85',
      folder: 'cifar-100-python',
      // torchvision.datasets.CIFAR100
      files: { train: '16019d7e3df5f24257cddd939b257f8d', test: 'f0ef6b0ae62326f3e7ffdfab6717acfc' },
    },
  }),
  // Mean and standard deviation of the training file's channels, as DeepOBS has them.
  pixelValues: () => normalisedPixelValues([0.50707516, 0.48654887, 0.44091784], [0.26733429, 0.25643846, 0.27615047]),
  augmentation: { mirrors: true },
  synthetic: { patch: [12, 20], contrast: [60, 130], noise: 14, cue: 1 },
};
