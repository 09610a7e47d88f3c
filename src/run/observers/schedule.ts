import { ConfigurationError } from '../../errors.js';
import { notKnown } from '../../names.js';
import { option } from '../../words.js';
import { QUANTITY_NAMES, type QuantityName } from './names.js';

/** What is observed along a training, and how often. */
export interface ObservationRequest {
  readonly quantity: QuantityName;
  readonly every: number;
  readonly unit: 'steps' | 'epochs';
}

/**
 * Reads `lambda_max=every:1epoch,gradient_noise=every:50steps`; a quantity alone is observed after every epoch. Throws
 * ConfigurationError.
 */
export function parseObservations(text: string): ObservationRequest[] {
  const requests = text.split(',').map((part) => parseObservation(part.trim()));
  const twice = requests.find(({ quantity }, index) => requests.findIndex((one) => one.quantity === quantity) < index);
  if (twice !== undefined) {
    throw new ConfigurationError({
      subject: option('observe'),
      found: `${twice.quantity} twice`,
      expected: 'it once',
    });
  }
  return requests;
}

function parseObservation(text: string): ObservationRequest {
  const [name = '', ...rest] = text.split('=');
  const quantity = QUANTITY_NAMES.find((known) => known === name);
  if (quantity === undefined) {
    throw new ConfigurationError({ subject: option('observe', name), what: notKnown(name, QUANTITY_NAMES) });
  }
  if (rest.length === 0) return { quantity, every: 1, unit: 'epochs' };
  const [, count, unit] = /^every:(\d*)(step|epoch)s?$/.exec(rest.join('=')) ?? [];
  const every = count === '' ? 1 : Number(count);
  if (unit === undefined || !Number.isSafeInteger(every) || every < 1) {
    throw new ConfigurationError({
      subject: option('observe', name),
      found: JSON.stringify(rest.join('=')),
      expected: 'for instance every:50steps or every:1epoch',
    });
  }
  return { quantity, every, unit: unit === 'step' ? 'steps' : 'epochs' };
}

/** Whether it is due after so many steps of a training; it always is before the first one. */
export function isDue({ every, unit }: ObservationRequest, steps: number, stepsPerEpoch: number): boolean {
  return steps % (unit === 'steps' ? every : every * stepsPerEpoch) === 0;
}
