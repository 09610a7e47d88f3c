import type { RunFile } from '../results/index.js';

/** A number that an optimizer reported about itself. */
export interface QuantityPoint {
  /** Name in the log, for instance `alpha`. */
  readonly quantity: string;
  /** Group or layer; empty where the quantity belongs to the whole. */
  readonly where: string;
  /** From 0; with the step as a fraction. */
  readonly epoch: number;
  /** Step of the whole training. */
  readonly step: number;
  readonly value: number | null;
}

/** Something that an optimizer reported, as a mark. */
export interface QuantityEvent {
  readonly event: string;
  readonly where: string;
  readonly reason: string;
  readonly epoch: number;
  readonly step: number;
}

/** The log of one run, in long form. */
export interface Quantities {
  readonly points: readonly QuantityPoint[];
  readonly events: readonly QuantityEvent[];
}

type Json = unknown;

/** Where entries of a list are, which name tells them apart: the groups of an estimation have a `name`. */
const NAMES = ['name', 'where', 'group', 'layer'];
/** What places an entry and is no quantity. */
const PLACES = ['epoch', 'step'];

/** Far more epochs and steps than anybody trains: a log is any JSON, and a number under these names may be no place at all. */
const LAST_PLACE = 1e9;

function isPlace(value: Json): value is number {
  return typeof value === 'number' && value >= 0 && value <= LAST_PLACE;
}

/**
 * Every number of an `optimizer_log`, whatever rule wrote it: a key with a number is a quantity; objects and lists go on
 * below, a list's entries by their name, else by their place from 1 (`sigma 1` is the largest singular value). An object with `event` is an event. A number's
 * step is that of the nearest object that has one, else the beginning of its epoch.
 */
export function quantitiesOf(log: readonly Readonly<Record<string, Json>>[], stepsPerEpoch: number): Quantities {
  const points: QuantityPoint[] = [];
  const events: QuantityEvent[] = [];
  const perEpoch = Math.max(1, stepsPerEpoch);
  for (const [index, entry] of log.entries()) {
    const epoch = isPlace(entry.epoch) ? entry.epoch : index;
    const walk = (value: Json, path: string, where: string, step: number): void => {
      const at = { epoch: epoch + step / perEpoch, step: epoch * perEpoch + step };
      if (typeof value === 'number' || value === null) {
        if (path !== '') points.push({ quantity: path, where, ...at, value });
      } else if (Array.isArray(value)) {
        const single = value.every((item) => typeof item === 'number' || item === null);
        for (const [place, item] of value.entries()) walk(item, single ? `${path} ${place + 1}` : path, where, step);
      } else if (typeof value === 'object') {
        const own = value as Readonly<Record<string, Json>>;
        const here = isPlace(own.step) ? own.step : step;
        const name = NAMES.map((key) => own[key]).find((text) => typeof text === 'string') as string | undefined;
        if (typeof own.event === 'string') {
          const reason = typeof own.reason === 'string' ? own.reason : '';
          events.push({
            event: own.event,
            where: name ?? where,
            reason,
            epoch: epoch + here / perEpoch,
            step: epoch * perEpoch + here,
          });
          return;
        }
        // The layers of sigma are keys: what has lists below it is divided by them.
        const divided = path !== '' && Object.values(own).some(Array.isArray);
        for (const [key, item] of Object.entries(own)) {
          if (PLACES.includes(key) || NAMES.includes(key)) continue;
          if (divided) walk(item, path, key, here);
          else
            walk(
              item,
              CONTAINERS.includes(key) ? '' : path === '' || CONTAINERS.includes(path) ? key : `${path} ${key}`,
              name ?? where,
              here,
            );
        }
      }
    };
    for (const [key, value] of Object.entries(entry)) {
      if (!PLACES.includes(key)) walk(value, CONTAINERS.includes(key) ? '' : key, '', 0);
    }
  }
  return { points, events };
}

/** Every number that a run file has of what was reported along training: by the optimizer, and by observers. */
export function quantitiesOfRun({
  optimizer_log,
  observations = [],
  steps_per_epoch,
}: Pick<RunFile, 'optimizer_log' | 'observations' | 'steps_per_epoch'>): Quantities {
  const [own, observed] = [quantitiesOf(optimizer_log, steps_per_epoch), quantitiesOf(observations, steps_per_epoch)];
  return { points: [...own.points, ...observed.points], events: [...own.events, ...observed.events] };
}

/** Keys that only hold a list of what belongs together. */
const CONTAINERS = ['estimations', 'events', 'groups', 'observations'];
