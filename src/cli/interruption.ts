import type { Terminal } from './terminal.js';

/** npm and npx pass a Ctrl-C on that the program already got itself; two signals this close are one. */
const SAME_SIGNAL_MS = 500;

/**
 * Turns the first SIGINT or SIGTERM into an abort, told by `message`; the second one does `now`, which by default ends the
 * program at once with exit code 130. `release` gives the signals back.
 */
export function interruptible(
  terminal: Terminal,
  message: () => string,
  now: () => void = () => process.exit(130),
): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  let firstAt = 0;
  const listener = () => {
    if (!controller.signal.aborted) {
      firstAt = performance.now();
      terminal.line(message());
      controller.abort();
    } else if (performance.now() - firstAt > SAME_SIGNAL_MS) {
      now();
    }
  };
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', listener);
      process.off('SIGTERM', listener);
    },
  };
}
