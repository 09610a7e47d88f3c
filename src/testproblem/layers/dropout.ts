import { ConfigurationError } from '../../errors.js';
import * as ops from '../../tensor/index.js';
import type { Layer } from '../scope.js';

/**
 * In training every number becomes 0 with probability `rate`, and the others are divided by 1 − rate (Srivastava et al.
 * 2014). The mask is noise of the minibatch: the same in its loss, gradient and products. Evaluation changes nothing.
 */
export function dropout(rate: number): Layer {
  if (!(rate >= 0 && rate < 1)) {
    throw new ConfigurationError({
      subject: 'dropout',
      found: `the rate ${rate}`,
      expected: 'a number from 0 to below 1',
    });
  }
  return (scope, x) => {
    const own = scope.next('dropout');
    if (scope.mode === 'eval' || rate === 0) return x;
    const keep = 1 - rate;
    return ops.multiply(x, own.noise('mask', x.shape, { kind: 'bernoulli', keep, value: 1 / keep }));
  };
}
