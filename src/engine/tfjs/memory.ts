import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes that may be dropped before anyone looks after them. */
const slack = 256 * 2 ** 20;

/**
 * The account of the tensors that values stand for. V8 does not know how much memory lies behind a value on a device, and may
 * not collect dropped ones for long: when the account has grown by 256 MB and a quarter since the last collection, it is told to.
 */
export class TensorMemory {
  #bytes = 0;
  #limit = slack;

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  remove(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** Lets dropped values be freed; to be called between runs. */
  async relieve(): Promise<void> {
    // Kernels are synchronous calls: only here do signals, timers and what the collector found get their turn.
    await nextTurn();
    if (this.#bytes <= this.#limit) return;
    collectGarbage();
    await nextTurn();
    this.#limit = 1.25 * this.#bytes + slack;
  }
}

let collector: (() => void) | null = null;

/** V8's collector, which Node hides unless it is started with --expose-gc. */
function collectGarbage(): void {
  if (collector === null) {
    setFlagsFromString('--expose-gc');
    collector = runInNewContext('gc') as () => void;
  }
  collector();
}
