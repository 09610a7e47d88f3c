import { type RandomStream, randomStream } from '../random/index.js';
import { type ImageShape, type ImageTable, imageSize } from './image-table.js';
import { PERIOD, TEXTURES } from './synthetic-textures.js';

/** How hard the synthetic images of a data set are. */
export interface SyntheticStyle {
  /** Side of the textured square in pixels, smallest and largest. */
  readonly patch: readonly [number, number];
  /** Grey levels between mark and ground of the texture, smallest and largest. */
  readonly contrast: readonly [number, number];
  /** Standard deviation of the noise in grey levels. */
  readonly noise: number;
  /** Probability that the band stands where the class says; elsewhere it stands at a random place. */
  readonly cue: number;
}

const SEED = 20190506;
const BANK_BITS = 17;
const BACKGROUND = [48, 96] as const;
const BAND_STEP = 28;

/**
 * `count` synthetic images. Image i depends on the data set's name, the file and i alone, not on `count` or a run's seed.
 *
 * The class is that of a texture (synthetic-textures.ts) in a square at a random place, in random phase and polarity: the
 * mean over the images of a class shows nothing of it, so that a linear model cannot use it, while a convolution finds it
 * anywhere. A horizontal band whose place (and colour, in colour images) points to the class in some of the images is what
 * a linear model can learn. Smooth shading and noise cover both. Of a hundred classes each has a texture and a band of its own:
 * the texture is the label's last digit, the band the one before.
 */
export function syntheticImages(
  name: string,
  file: 'train' | 'test',
  shape: ImageShape,
  style: SyntheticStyle & { readonly classes: number },
  count: number,
): ImageTable {
  const size = imageSize(shape);
  const pixels = new Uint8Array(count * size);
  const labels = new Uint8Array(count);
  const stream = randomStream(SEED, 'synthetic', name, file);
  const noise = noiseBank(style.noise);
  const canvas = new Float32Array(size);
  for (let image = 0; image < count; image++) {
    const own = stream.child(image);
    const label = own.integer(style.classes);
    const texture = label % TEXTURES.length;
    const band = style.classes > TEXTURES.length ? Math.floor(label / TEXTURES.length) : label;
    labels[image] = label;
    drawBackground(canvas, shape, own);
    drawBand(canvas, shape, own.uniform() < style.cue ? band : own.integer(TEXTURES.length));
    drawPatch(canvas, shape, style, texture, own);
    addNoise(canvas, noise, own, shape.width, pixels, image * size);
  }
  return { shape, pixels, labels };
}

/** Each channel gets its own level and a linear slope across the image. */
function drawBackground(canvas: Float32Array, { channels, height, width }: ImageShape, own: RandomStream): void {
  for (let channel = 0; channel < channels; channel++) {
    const level = BACKGROUND[0] + (BACKGROUND[1] - BACKGROUND[0]) * own.uniform();
    const down = (own.uniform() - 0.5) * (32 / height);
    const across = (own.uniform() - 0.5) * (32 / width);
    for (let y = 0; y < height; y++) {
      const row = (channel * height + y) * width;
      const start = level + down * (y - height / 2) - across * (width / 2);
      for (let x = 0; x < width; x++) canvas[row + x] = start + across * x;
    }
  }
}

/** A brighter band across the whole width, one of ten: channel = kind mod channels, place = the rest. */
function drawBand(canvas: Float32Array, { channels, height, width }: ImageShape, kind: number): void {
  const places = Math.ceil(TEXTURES.length / channels);
  const place = Math.floor(kind / channels);
  const plane = (kind % channels) * height;
  const top = plane + Math.round((place * height) / places);
  const bottom = plane + Math.round(((place + 1) * height) / places);
  for (let i = top * width; i < bottom * width; i++) canvas[i] = (canvas[i] as number) + BAND_STEP;
}

/** Fills a square at a random place with the class's texture in random phase and polarity. */
function drawPatch(
  canvas: Float32Array,
  { channels, height, width }: ImageShape,
  { contrast: [low, high], patch: [smallest, largest] }: SyntheticStyle,
  label: number,
  own: RandomStream,
): void {
  const texture = TEXTURES[label] ?? new Float32Array(PERIOD * PERIOD);
  const side = smallest + own.integer(largest - smallest + 1);
  const top = own.integer(height - side + 1);
  const left = own.integer(width - side + 1);
  const phaseDown = own.integer(PERIOD);
  const phaseAcross = own.integer(PERIOD);
  const contrast = (own.integer(2) === 0 ? -1 : 1) * (low + (high - low) * own.uniform());
  for (let channel = 0; channel < channels; channel++) {
    const strength = channels === 1 ? contrast : contrast * (0.4 + 0.6 * own.uniform());
    for (let y = 0; y < side; y++) {
      const row = (channel * height + top + y) * width + left;
      const tileRow = ((y + phaseDown) % PERIOD) * PERIOD;
      for (let x = 0; x < side; x++) {
        canvas[row + x] =
          (canvas[row + x] as number) + strength * (texture[tileRow + ((x + phaseAcross) % PERIOD)] as number);
      }
    }
  }
}

/** Normal numbers to take rows of noise from, each row at its own random place: much faster than drawing each pixel. */
function noiseBank(std: number): Float32Array {
  const stream = randomStream(SEED, 'noise');
  return Float32Array.from({ length: 2 ** BANK_BITS + 64 }, () => std * stream.normal());
}

function addNoise(
  canvas: Float32Array,
  noise: Float32Array,
  own: RandomStream,
  width: number,
  pixels: Uint8Array,
  offset: number,
): void {
  for (let row = 0; row < canvas.length; row += width) {
    const start = own.uint32() >>> (32 - BANK_BITS);
    for (let x = 0; x < width; x++) {
      const value = (canvas[row + x] as number) + (noise[start + x] as number);
      pixels[offset + row + x] = value <= 0 ? 0 : value >= 254.5 ? 255 : (value + 0.5) | 0;
    }
  }
}
