import type { Fault } from '../words.js';

/** What an engine and device offer on this machine. */
export interface EngineDescription {
  readonly name: string;
  readonly device: string;
  /** Whether the library behind it is there, usable or not. */
  readonly installed: boolean;
  readonly usable: boolean;
  /** Why it is usable or not, and what to do about it; one line. */
  readonly reason: string;
  /** The reason as data, where it names options; the command line calls them by their flags. */
  readonly fault?: Fault;
  readonly version: string | null;
  /** Whether `--engine auto` takes it. */
  readonly default: boolean;
}
