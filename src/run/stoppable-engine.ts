import type { Engine } from '../engine/index.js';

/** The engine with a `compile` that does not begin once the signal has aborted, until `done` is called. */
export function stoppable(engine: Engine, signal: AbortSignal | undefined): { readonly engine: Engine; done(): void } {
  let watched = signal;
  return {
    engine: {
      record: engine.record,
      compile: async (program, options) => {
        watched?.throwIfAborted();
        return engine.compile(program, options);
      },
      upload: (...given) => engine.upload(...given),
      download: (value) => engine.download(value),
      dispose: () => engine.dispose(),
    },
    done: () => {
      watched = undefined;
    },
  };
}
