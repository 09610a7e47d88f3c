/** Where a run is, as its progress line shows it. */
export interface Progress {
  /** Seconds to the end of the run; not finite while nobody can know. */
  readonly secondsLeft: number;
  /** The part of the whole run that is done, from 0 to 1. */
  readonly share: number;
  /** `epoch 3/100`, `evaluating test`. */
  readonly place: string;
  /** The most important first: the loss, what the optimizer says. */
  readonly details: readonly string[];
}

const BAR = 20;
const LEAST_BAR = 8;

/**
 * A line of at most so many columns: time left, bar and percentage of the whole run, place, details. What has no room is
 * left out, details first and from the last one on; then the bar.
 */
export function progressLine({ secondsLeft, share, place, details }: Progress, width: number): string {
  const left = Number.isFinite(secondsLeft) ? `${formatDuration(secondsLeft)} left` : 'time left unknown';
  const whole = Math.min(1, Math.max(0, share));
  const percent = `${Math.floor(100 * whole)} %`;
  const lengthOf = (parts: readonly string[]) => parts.join('  ').length;
  let parts = [left, percent, place];
  if (lengthOf(parts) > width) parts = [left, percent];
  const room = width - lengthOf(parts) - 4;
  const bar = Math.min(BAR, room);
  if (bar >= LEAST_BAR) parts.splice(1, 0, `[${'#'.repeat(Math.floor(bar * whole)).padEnd(bar, '.')}]`);
  for (const detail of details) {
    if (lengthOf([...parts, detail]) > width) break;
    parts.push(detail);
  }
  return parts.join('  ').slice(0, width);
}

/** Seconds as `12 s`, `3 min 20 s` or `1 h 05 min`; `?` when unknown. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const pad = (value: number) => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
}
