import { input, matmul, program, sum } from '../tensor/index.js';
import type { Engine } from './engine.js';

/** A product that takes this long is large enough to tell the speed. */
const LONG_ENOUGH_SECONDS = 0.02;
const SIZES = [128, 256, 512, 1024, 2048, 4096] as const;

/**
 * Speed of a large matrix product, 10⁹ floating-point operations per second: squares of the side 128, 256, … until one
 * takes 20 ms; the best of four. A rough figure that takes about half a second. The sum of the product is read back, so that a
 * device cannot answer before it has computed.
 */
export async function measureSpeed(engine: Engine): Promise<number> {
  let best = 0;
  for (const size of SIZES) {
    const x = input('x', [size, size]);
    const executable = await engine.compile(program({ total: sum(matmul(x, x)) }));
    const feeds = { x: engine.upload(new Float32Array(size * size).fill(1 / size), [size, size]) };
    let seconds = Number.POSITIVE_INFINITY;
    // The first run pays for what is made once: kernels, buffers, threads.
    for (let run = 0; run < 5; run++) {
      const started = performance.now();
      const { total } = await executable.run(feeds);
      if (total !== undefined) await engine.download(total);
      if (run > 0) seconds = Math.min(seconds, (performance.now() - started) / 1000);
    }
    best = Math.max(best, (2 * size ** 3) / seconds / 1e9);
    if (seconds > LONG_ENOUGH_SECONDS) break;
  }
  return best;
}
