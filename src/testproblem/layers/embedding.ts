import { ConfigurationError } from '../../errors.js';
import * as ops from '../../tensor/index.js';
import { type Initialiser, normalValues } from '../initialisers.js';
import type { Layer } from '../scope.js';

/**
 * A learned vector for each token: integers [n, …positions] below `vocabulary` → [n, …positions, features]. As a product of
 * one-hot rows with the table [vocabulary, features], so that the gradient adds up in a fixed order on every engine.
 */
export function embedding(
  vocabulary: number,
  features: number,
  { weight }: { readonly weight?: Initialiser } = {},
): Layer {
  return (scope, x) => {
    const own = scope.next('embedding');
    if (x.dtype !== 'int') {
      throw new ConfigurationError({
        subject: 'embedding',
        what: 'the input holds fractions',
        expected: 'integers',
        remedy: 'set inputType to int',
      });
    }
    const table = own.parameter('weight', [vocabulary, features], weight, {
      kind: 'embedding',
      pytorch: normalValues(1),
    });
    const rows = ops.oneHot(ops.reshape(x, [ops.sizeOf(x.shape)]), vocabulary);
    return ops.reshape(ops.matmul(rows, table), [...x.shape, features]);
  };
}

/** Adds a learned vector for each position to a sequence [n, positions, features]. */
export function positionEmbedding({ weight }: { readonly weight?: Initialiser } = {}): Layer {
  return (scope, x) => {
    const own = scope.next('positions');
    const options = { kind: 'embedding', pytorch: normalValues(1) } as const;
    return ops.add(x, own.parameter('weight', x.shape.slice(1), weight, options));
  };
}
