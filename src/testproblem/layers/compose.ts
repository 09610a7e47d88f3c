import { ConfigurationError } from '../../errors.js';
import * as ops from '../../tensor/index.js';
import type { Layer } from '../scope.js';

/** One layer after the other. */
export function sequential(layers: readonly Layer[]): Layer {
  return (scope, x) => layers.reduce((y, layer) => layer(scope, y), x);
}

/** A layer whose declarations lie under a name of their own: `scoped('encoder', …)`. */
export function scoped(name: string, layer: Layer): Layer {
  return (scope, x) => layer(scope.child(name), x);
}

/** A layer whose declarations lie under the next number of a kind: the second `numbered('block', …)` is `block2`. */
export function numbered(kind: string, layer: Layer): Layer {
  return (scope, x) => layer(scope.next(kind), x);
}

/** main(x) + shortcut(x); the shortcut is x itself by default, else declares under `shortcut`. */
export function residual(main: Layer, shortcut?: Layer): Layer {
  return (scope, x) => {
    const sum = main(scope, x);
    const direct = shortcut === undefined ? x : shortcut(scope.child('shortcut'), x);
    if (!ops.sameShape(sum.shape, direct.shape)) {
      throw new ConfigurationError({
        subject: 'residual',
        what: `the main path gives shape [${sum.shape.slice(1)}] and the shortcut [${direct.shape.slice(1)}]`,
        expected: 'the same',
      });
    }
    return ops.add(sum, direct);
  };
}

/** All branches on the same input, their results one after the other along an axis (default 1: channels or features). */
export function branches(layers: readonly Layer[], axis = 1): Layer {
  return (scope, x) =>
    ops.concatenate(
      layers.map((layer, index) => layer(scope.child(`branch${index + 1}`), x)),
      axis,
    );
}
