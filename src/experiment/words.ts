import { shortNumber } from '../report/numbers.js';
import { type Agreement, BAND } from './agreement.js';

/** A number in at most four digits, as the sentences and tables of an experiment have it. */
export function fourDigits(value: number): string {
  return shortNumber(value, 4);
}

/** What a comparison with a published curve says, as one sentence. */
export function agreementSentence({ panel, key, compared, inside, largest, lost }: Agreement): string {
  const where = `${key}, ${panel}`;
  const without = lost === 0 ? '' : `; ${lost} of our runs diverged or stopped and are in no mean`;
  if (compared === 0) return `${where}: no point to compare${without}.`;
  const far =
    largest === null ? '' : `, the farthest ${fourDigits(Math.abs(largest.deviations))} from it at epoch ${largest.x}`;
  const verdict =
    inside === compared
      ? `all ${compared} points lie within ${BAND} published standard deviations of the published mean`
      : `${inside} of ${compared} points lie within ${BAND} published standard deviations of the published mean`;
  return `${where}: ${verdict}${far}${without}.`;
}
