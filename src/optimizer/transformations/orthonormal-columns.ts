import { at, exactly } from '../../expect.js';
import { panelReflectors } from '../../linear-algebra/householder-panel.js';
import { add, constant, matmul, pad, reshape, slice, subtract, type Tensor } from '../../tensor/index.js';
import type { UpdateContext } from '../update-context.js';

/** Columns whose reflectors the host computes at a time: few, as the host is slow, and not too few, as each panel is a part of the program. */
const PANEL = 64;

/** I − Y T Yᵀ, the product of a panel's Householder reflectors. */
interface Panel {
  readonly y: Tensor;
  readonly t: Tensor;
}

/**
 * Q of the decomposition A = Q R of each square matrix, by Householder reflections in panels (Schreiber & Van Loan 1989). The host finds the
 * reflectors of each panel in double precision, of all matrices at once; everything else is products of matrices on the engine. Stable for
 * singular matrices, too. The signs of columns are the reflections'; numbers that are not finite make NaN.
 */
export function orthonormalColumns(
  matrices: readonly Tensor[],
  onHost: UpdateContext<unknown>['onHost'],
): readonly Tensor[] {
  const panels: Panel[][] = matrices.map(() => []);
  let open = matrices.map((rest, index) => ({ index, rest }));
  while (open.length > 0) {
    const sizes = open.map(({ rest: { shape } }) => ({ rows: at(shape, 0), width: Math.min(PANEL, at(shape, 1)) }));
    const found = onHost(
      open.map(({ rest }, place) => {
        const { rows, width } = at(sizes, place);
        return reshape(slice(rest, [0, 0], [rows, width]), [rows * width]);
      }),
      sizes.flatMap(({ rows, width }) => [
        [rows, width],
        [width, width],
      ]),
      (given) =>
        sizes.flatMap(({ rows, width }, place) => {
          const { y, t } = panelReflectors(given[place] as Float64Array, rows, width);
          return [y, t];
        }),
    );
    open = open.flatMap(({ index, rest }, place) => {
      const { rows, width } = at(sizes, place);
      const [y, t] = [at(found, 2 * place), at(found, 2 * place + 1)];
      at(panels, index).push({ y, t });
      if (width === rest.shape[1]) return [];
      const others = slice(rest, [0, width], [rows, rows]);
      const inside = matmul(t, matmul(y, others, { transposeA: true }), { transposeA: true });
      const below = slice(y, [width, 0], [rows, width]);
      // The rows above belong to R, which nobody needs.
      return [{ index, rest: subtract(slice(others, [width, 0], [rows, rows - width]), matmul(below, inside)) }];
    });
  }
  return panels.map(product);
}

/** The product of all panels' reflections, from the last one back: each multiplies what lies below and right of its own rows and columns. */
function product(panels: readonly Panel[]): Tensor {
  const [last, ...others] = panels.toReversed();
  if (last === undefined) throw new RangeError('orthonormalColumns: a matrix without columns');
  const [n] = exactly(last.y.shape, 2);
  const first = subtract(identity(n), matmul(last.y, matmul(last.t, last.y, { transposeB: true })));
  return others.reduce((inner, { y, t }) => {
    const [rows, width] = exactly(y.shape, 2);
    const larger = add(pad(inner, [width, width], [0, 0]), pad(identity(width), [0, 0], [rows - width, rows - width]));
    return subtract(larger, matmul(y, matmul(t, matmul(y, larger, { transposeA: true }))));
  }, first);
}

/** The n × n identity: rows of a one and n zeros, read in rows of n. */
function identity(n: number): Tensor {
  const longer = pad(constant(1, [n, 1]), [0, 0], [0, n]);
  return reshape(slice(reshape(longer, [n * (n + 1)]), [0], [n * n]), [n, n]);
}
