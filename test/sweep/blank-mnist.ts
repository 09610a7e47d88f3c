import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Writes the four files of MNIST in their full size, with nothing on the images and the digits in turn as labels. */
export async function writeBlankMnist(dataDir: string): Promise<void> {
  const folder = join(dataDir, 'mnist');
  await mkdir(folder, { recursive: true });
  for (const [part, count] of [
    ['train', 60_000],
    ['t10k', 10_000],
  ] as const) {
    const images = Buffer.alloc(16 + count * 784);
    for (const [index, word] of [0x803, count, 28, 28].entries()) images.writeUInt32BE(word, 4 * index);
    const labels = Buffer.alloc(8 + count);
    labels.writeUInt32BE(0x801, 0);
    labels.writeUInt32BE(count, 4);
    for (let index = 0; index < count; index++) labels[8 + index] = index % 10;
    await writeFile(join(folder, `${part}-images-idx3-ubyte.gz`), gzipSync(images, { level: 1 }));
    await writeFile(join(folder, `${part}-labels-idx1-ubyte`), labels);
  }
}
