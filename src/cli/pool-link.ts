import { InterruptedError } from '../errors.js';
import type { RunEvent } from '../run/index.js';
import type { MessageToPool, MessageToRun } from '../sweep/pool-messages.js';

/** Milliseconds between two reports of progress. */
const REPORT_MS = 250;

/** A run's side of the channel to the pool that started it. */
export interface PoolLink {
  /** Aborts when the pool says so, and when the pool is gone: nobody would ever stop a run that outlives it. */
  readonly signal: AbortSignal;
  send(message: MessageToPool): void;
  observe(event: RunEvent): void;
}

/** The link to the pool that started this process; null when it was started in any other way. */
export function poolLink(): PoolLink | null {
  if (process.send === undefined) return null;
  const controller = new AbortController();
  const send = (message: MessageToPool) => {
    // A pool that is gone cannot be told; the disconnect has said so already.
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
  };
  process.on('message', (message: MessageToRun) => {
    if (message.type === 'interrupt') controller.abort(new InterruptedError('interrupted with its sweep'));
  });
  const orphaned = () => controller.abort(new InterruptedError('interrupted: the sweep that started it is gone'));
  process.on('disconnect', orphaned);
  if (!process.connected) orphaned();
  // The listeners must not keep a finished run alive.
  process.channel?.unref();
  let reportedAt = Number.NEGATIVE_INFINITY;
  return {
    signal: controller.signal,
    send,
    observe: (event) => {
      if (event.type === 'warning') send({ type: 'warning', message: event.message });
      if (event.type === 'dataset') send({ type: 'activity', text: event.message });
      if (event.type !== 'step' || performance.now() - reportedAt < REPORT_MS) return;
      reportedAt = performance.now();
      const { epoch, numEpochs, loss, secondsLeft } = event;
      send({ type: 'progress', epoch, numEpochs, loss: finite(loss), secondsLeft: finite(secondsLeft) });
    },
  };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
