/** Shape of one image, in the order in which its bytes lie. */
export interface ImageShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Images of one shape with their labels: pixels [count, channels, height, width], one byte each. */
export interface ImageTable {
  readonly shape: ImageShape;
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

/** The two files every image data set has. */
export interface ImageTables {
  readonly train: ImageTable;
  readonly test: ImageTable;
}

/** Bytes of one image. */
export function imageSize({ channels, height, width }: ImageShape): number {
  return channels * height * width;
}
