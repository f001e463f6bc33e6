import { OptionError } from '../../base/errors';
import {
  boolean,
  checkArgument,
  number,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  whole,
} from '../../base/options';
import { fromArray, zeros } from '../../tensor/ops/create';
import { reshape } from '../../tensor/ops/movement/reshape';
import type { Tensor } from '../../tensor/tensor';
import { compressedDimension, type Projection, type Projector, projectorKind } from '../projector';

/** What a lazily refreshed projection remembers. */
export interface Laziness {
  /** What it knows of the refreshes so far. */
  readonly lazy: {
    /** The first row of A when it was last made, [d]. */
    readonly first: Tensor;
    /** Cosines between first rows that followed each other, the last one last; 0 where there has been none. */
    readonly similarities: readonly number[];
    /** How many there have been. */
    readonly seen: number;
    /** Intervals of `refreshEvery` between refreshes. */
    readonly every: number;
  };
}

const lazyOptions = {
  /** Similarities whose mean counts, the last ones (default 5). */
  window: optional(whole({ low: 1 }), 5),
  /** Mean similarity from which on the interval grows (default 0.4). */
  threshold: optional(number({ low: -1, high: 1 }), 0.4),
  /** What the interval is multiplied by when it grows (default 2). */
  factor: optional(whole({ low: 2 }), 2),
  /** Compare with the sign, as the published code does (default false). */
  signed: optional(boolean, false),
};

/** The options of `lazyRefresh`. */
export interface LazyRefreshOptions extends OptionsOf<typeof lazyOptions> {}

/**
 * A projector that looks at gradients, asked less often where its subspace stays as it is. Each refresh compares the first
 * row of the new A with that of the old one; once the last five cosines have a mean of 0.4 or more, every refresh doubles
 * the interval of this parameter. Intervals are counted in multiples of `refreshEvery` and only grow:
 *
 *     refresh in step t   if t mod (refreshEvery·every) = 0
 *     s ← (s₂, …, s₅, cos(a, a_old))        every ← 2·every if mean(s) ≥ 0.4
 *
 * With refreshEvery 1 and a subspace that does not turn, refreshes fall at 0, 1, 2, 3, 4, 5, 6, 8, 16. A singular vector has
 * either sign, which says nothing of the subspace: |cos| is compared, unless `signed` asks for the published rule, to which
 * a vector that came back with its other sign is a change. State beside that of the projector: d floats, the first row.
 * A rank that changes starts all of it again. Values are read, so that a backend must be able to give them at once.
 * @throws OptionError `projector/lazy` for a projector that looks at no gradient, `projector/both-sides`
 * @see Zhang et al., "Q-GaLore", arXiv 2407.08296, section 3.2.
 * @example
 * const projector = lazyRefresh(projectors.svd);
 * const transform = compress({ projector, rank: 1, inner: scaleByAdam(), refreshEvery: 1, onRefresh: 'keep' });
 * let state = transform.init({ w: zeros([4, 3]) });
 * for (let step = 0; step < 17; step++) state = transform.update({ w: ones([4, 3]) }, state, {})[1];
 * console.log(state.leaves.w?.refreshes); // prints 8
 */
export function lazyRefresh<P extends Projection>(
  projector: Projector<P>,
  options: LazyRefreshOptions = {},
): Projector<P & Laziness> {
  if (arguments.length > 2) refuseExtra('lazyRefresh', arguments, 2);
  checkArgument('lazyRefresh', 'projector', projectorKind, projector);
  const { window, threshold, factor, signed } = readOptions('lazyRefresh', lazyOptions, options, 'projector');
  const { refresh } = projector;
  if (!refresh) throw looksAtNothing(projector.name);
  if (projector.compressedShape) throw bothSides(projector.name);

  const compared = (lazy: Laziness['lazy'], first: Tensor): Laziness['lazy'] => {
    const similarity = cosine(lazy.first.dataSync(), first.dataSync());
    const similarities = [...lazy.similarities.slice(1), signed ? similarity : Math.abs(similarity)];
    const seen = lazy.seen + 1;
    const mean = similarities.reduce((a, b) => a + b) / window;
    return { first, similarities, seen, every: lazy.every * (seen >= window && mean >= threshold ? factor : 1) };
  };

  const wrapped: Projector<P & Laziness> = {
    ...projector,
    name: `lazy ${projector.name}`,
    sample(key, shape, rank, count) {
      const p = projector.sample.call(this ?? wrapped, key, shape, rank, count);
      const first = zeros([compressedDimension(p)]); // no gradient has shaped the sample: nothing to compare with
      return { ...p, lazy: { first, similarities: new Array<number>(window).fill(0), seen: 0, every: 1 } };
    },
    refresh(p, gradient, context) {
      if (!context.first && context.turn % p.lazy.every !== 0) return p;
      const made = refresh.call(projector, p, gradient, context);
      const first = firstRow(projector, made);
      return { ...made, lazy: context.first ? { ...p.lazy, first } : compared(p.lazy, first) };
    },
    storedFloats(shape, rank) {
      const [n, m] = shape as readonly [number, number];
      const self = this ?? wrapped;
      return (
        projector.storedFloats.call(self, shape, rank) + compressedDimension({ side: self.side(shape), shape: [n, m] })
      );
    },
  };
  return wrapped;
}

/** Row 0 of A, [d]: what up makes of the first coordinate. */
function firstRow<P extends Projection>(projector: Projector<P>, p: P): Tensor {
  const { rank, side } = p;
  const coordinate = fromArray(
    Float32Array.from({ length: rank }, (_, i) => (i === 0 ? 1 : 0)),
    [rank],
  );
  return reshape(projector.up(p, reshape(coordinate, side === 'left' ? [rank, 1] : [1, rank])), [
    compressedDimension(p),
  ]);
}

/** cos of the angle between two vectors; 0 beside one of zeros. */
function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? 0 : dot / Math.sqrt(aa * bb);
}

function looksAtNothing(name: string): OptionError {
  return new OptionError({
    code: 'projector/lazy',
    got: `lazyRefresh got the projector ${name}, which looks at no gradient`,
    expected: 'one whose projections follow the gradient, such as projectors.svd',
    fix: 'use it as it is, with a larger refreshEvery',
  });
}

function bothSides(name: string): OptionError {
  return new OptionError({
    code: 'projector/both-sides',
    got: `lazyRefresh got the projector ${name}`,
    expected: 'one that compresses a single side',
    fix: 'use it as it is',
  });
}
