import { z } from 'zod';

/** When the estimation starts anew: with every epoch, every so many minibatches, or when the estimate no longer holds. */
export type RestartRule =
  | { readonly kind: 'epoch' }
  | { readonly kind: 'steps'; readonly count: number }
  | { readonly kind: 'drift' };

const pattern = /^(?:epoch|drift|steps:([1-9]\d*))$/;

/** The hyperparameter `restart` as it is written: `epoch`, `steps:N` or `drift`. */
export const restartSchema = () =>
  z
    .string()
    .regex(pattern, 'epoch, drift, or steps:N with a whole number N')
    .default('epoch')
    .describe('when to restart the estimation: epoch, steps:N (every N minibatches) or drift');

/** Reads what `restartSchema` has accepted. */
export function restartRule(text: string): RestartRule {
  const [, count] = pattern.exec(text) ?? [];
  if (count !== undefined) return { kind: 'steps', count: Number(count) };
  return { kind: text === 'drift' ? 'drift' : 'epoch' };
}
