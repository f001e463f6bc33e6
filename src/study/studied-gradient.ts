import { type Kind, kindOf, listOf } from '../base/options';
import { tensorKind } from '../tensor/kinds';
import type { Tensor } from '../tensor/tensor';

/** A gradient that a question is asked of. */
export interface StudiedGradient {
  /** What it is called in tables and figures. */
  readonly name: string;
  /** [n, m], with elements, none of them infinite or NaN. */
  readonly gradient: Tensor;
  /** The parameter that it is of, where it was captured in a training. */
  readonly path?: string;
  /** The step that it was captured at. */
  readonly step?: number;
}

/** What a list of them is. */
export const gradientsKind: Kind<readonly StudiedGradient[]> = {
  ...listOf(
    kindOf<StudiedGradient>('{ name, gradient } with a gradient [n, m] that has elements', (value) => {
      const { name, gradient } = (value ?? {}) as Readonly<Record<string, unknown>>;
      return typeof name === 'string' && tensorKind.fits(gradient) && gradient.ndim === 2 && gradient.size > 0;
    }),
  ),
  like: "[{ name: 'mine', gradient }]",
};
