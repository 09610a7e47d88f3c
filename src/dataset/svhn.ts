import { normalisedPixelValues } from './assemble.js';
import type { ContentDefinition, ImageDatasetDefinition } from './definition.js';

const CONTENTS: readonly ContentDefinition[] = [
  { name: 'train_32x32.mat', part: 'train', holds: 'records', count: 73_257 },
  { name: 'test_32x32.mat', part: 'test', holds: 'records', count: 26_032 },
];

/** Size and MD5 of the published files; torchvision checks the same MD5s. */
const PUBLISHED: Readonly<Record<string, { readonly size: number; readonly md5: string }>> = {
  'train_32x32.mat': { size: 182_040_794, md5: 'e26dedcc434d2e4c54c9b2d4a06d8373' },
  'test_32x32.mat': { size: 64_275_384, md5: 'eb5a983be6a315427106f1b164d9cef3' },
};

/** Ours, the data directory itself (torchvision's way), and common ones. */
const FOLDERS = ['svhn/', '', 'SVHN/', 'SVHN/raw/'];

/**
 * SVHN, cropped digits of house numbers (Netzer et al. 2011), as MATLAB 5 files. The split is DeepOBS' PyTorch line's: as many
 * validation images as test images; the extra file is not used, and house numbers are not mirrored.
 */
export const svhn: ImageDatasetDefinition = {
  kind: 'images',
  name: 'svhn',
  title: 'SVHN',
  description: 'digits of house numbers, 32×32 colour, 10 classes',
  shape: [3, 32, 32],
  image: { channels: 3, height: 32, width: 32 },
  classes: 10,
  sizes: { train: 47_225, valid: 26_032, trainEval: 26_032, test: 26_032 },
  files: CONTENTS.map(({ name }) => ({
    path: `svhn/${name}`,
    size: PUBLISHED[name]?.size ?? 0,
    md5: PUBLISHED[name]?.md5 ?? '',
    // The authors' server speaks http only; the MD5 decides.
    urls: [`http://ufldl.stanford.edu/housenumbers/${name}`],
  })),
  contents: CONTENTS,
  layouts: [
    CONTENTS.map(({ name }) => ({
      contents: [name],
      format: 'matlab' as const,
      places: FOLDERS.map((folder) => ({ path: `${folder}${name}`, md5: PUBLISHED[name]?.md5 ?? null })),
    })),
  ],
  // Mean and standard deviation of the training file's channels, as DeepOBS has them.
  pixelValues: () => normalisedPixelValues([0.4376821, 0.4437697, 0.47280442], [0.19803012, 0.20101562, 0.19703614]),
  augmentation: { mirrors: false },
  synthetic: { patch: [12, 20], contrast: [60, 130], noise: 14, cue: 0.35 },
};
