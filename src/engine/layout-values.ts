import { inputOf, type Tensor } from '../tensor/index.js';

/**
 * The values of a program's tensors while it is lowered: each is made once, in the layout that its operation produces, and
 * converted once for each other layout that is asked for. Every tensor has the layout `plain`, row-major in its own shape.
 */
export abstract class LayoutValues<OtherLayout extends string, Handle> {
  readonly #values = new Map<Tensor, Map<OtherLayout | 'plain', Handle>>();
  readonly #layouts = new Map<Tensor, OtherLayout | 'plain'>();

  /** The layout in which the tensor's own operation produces it; asked for once. */
  protected abstract chooseLayout(tensor: Tensor): OtherLayout | 'plain';

  /** Makes the tensor's value in its natural layout. */
  protected abstract make(tensor: Tensor): Handle;

  /** Makes the tensor's value in another layout than its natural one. */
  protected abstract convert(tensor: Tensor, from: OtherLayout | 'plain', to: OtherLayout | 'plain'): Handle;

  /** Records the tensor's value in a layout. */
  protected define(tensor: Tensor, layout: OtherLayout | 'plain', value: Handle): Handle {
    let values = this.#values.get(tensor);
    if (values === undefined) {
      values = new Map();
      this.#values.set(tensor, values);
    }
    values.set(layout, value);
    return value;
  }

  /** The layout in which the tensor's own operation produces it. */
  naturalLayout(tensor: Tensor): OtherLayout | 'plain' {
    let layout = this.#layouts.get(tensor);
    if (layout === undefined) {
      layout = this.chooseLayout(tensor);
      this.#layouts.set(tensor, layout);
    }
    return layout;
  }

  /** The tensor's value in a layout; makes it, and converts it, where it is not there yet. */
  value(tensor: Tensor, layout: OtherLayout | 'plain' = 'plain'): Handle {
    const known = this.#values.get(tensor)?.get(layout);
    if (known !== undefined) return known;
    const natural = this.naturalLayout(tensor);
    const value = layout === natural ? this.make(tensor) : this.convert(tensor, natural, layout);
    return this.define(tensor, layout, value);
  }

  /** The value of an operation's input. */
  input(node: Tensor, index: number, layout: OtherLayout | 'plain' = 'plain'): Handle {
    return this.value(inputOf(node, index), layout);
  }
}
