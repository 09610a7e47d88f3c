import { z } from 'zod';

/**
 * When the estimation starts anew: with every epoch, every so many minibatches, when the estimate no longer holds, or when
 * what is observed lies so many standard deviations off what the posterior expects.
 */
export type RestartRule =
  | { readonly kind: 'epoch' }
  | { readonly kind: 'steps'; readonly count: number }
  | { readonly kind: 'drift' }
  | { readonly kind: 'uncertain'; readonly deviations: number };

/** Standard deviations at which the rule `uncertain` restarts. */
const DEVIATIONS = 4;

const pattern = /^(?:epoch|drift|steps:([1-9]\d*)|uncertain(?::((?=.*[1-9])\d+(?:\.\d+)?))?)$/;

/** The hyperparameter `restart` as it is written: `epoch`, `steps:N`, `drift`, `uncertain` or `uncertain:Z`. */
export const restartSchema = () =>
  z
    .string()
    .regex(pattern, 'epoch, drift, steps:N with a whole number N, uncertain, or uncertain:Z with a number Z > 0')
    .default('epoch')
    .describe(
      'when to restart the estimation: epoch, steps:N (every N minibatches), drift, or, with estimator paper, uncertain (uncertain:Z: at Z standard deviations of the posterior, default 4)',
    );

/** Reads what `restartSchema` has accepted. */
export function restartRule(text: string): RestartRule {
  const [, count, deviations] = pattern.exec(text) ?? [];
  if (count !== undefined) return { kind: 'steps', count: Number(count) };
  if (text.startsWith('uncertain')) return { kind: 'uncertain', deviations: Number(deviations ?? DEVIATIONS) };
  return { kind: text === 'drift' ? 'drift' : 'epoch' };
}
