import { OptionError } from '../../base/errors';
import { number, type OptionsOf, readOptions, refuseExtra, required } from '../../base/options';
import { type Shape, show, sizeOf } from '../../base/shape';
import { fromArray } from '../../tensor/ops/create';
import { gather, scatterAdd } from '../../tensor/ops/movement/gather';
import { reshape } from '../../tensor/ops/movement/reshape';
import { permute } from '../../tensor/ops/random/random';
import type { Tensor } from '../../tensor/tensor';
import { checkedProjector } from '../checked-projector';
import type { KeyedProjection } from '../keyed';
import { lastMade } from '../maps/last-made';
import { needGradient, type Projector, project } from '../projector';

const entriesOptions = {
  /** The share of all entries that is kept. */
  density: required(number({ low: 0, high: 1 })),
};

/**
 * ⌊density·n·m⌋ single entries of the matrix, uniformly without replacement, as they are (RandK): C is a vector. The
 * density takes the place of the rank, which says nothing here, and a round trip may have full rank. Biased, E[Ĝ] = density·G,
 * relative squared error 1 − density, up to the rounding of the number of entries.
 * Shapes: G [n, m] → C [⌊density·n·m⌋].
 * @throws OptionError `projector/rank` by `sample`, for a matrix of which no entry is kept
 */
export function entries(options: OptionsOf<typeof entriesOptions>): Projector<KeyedProjection> {
  if (arguments.length > 1) refuseExtra('projectors.entries', arguments, 1);
  const { density } = readOptions('projectors.entries', entriesOptions, options);
  const count = (shape: Shape): number => Math.floor(density * sizeOf(shape));
  const chosen = lastMade(({ key, shape }: KeyedProjection) => permute(key, sizeOf(shape), count(shape)).slice());
  const ids = (p: KeyedProjection): Tensor => fromArray(chosen(p), [count(p.shape)]);
  const vector = (x: Tensor): Tensor => reshape(x, [x.size]);
  return checkedProjector<KeyedProjection>({
    name: 'entries',
    side: () => 'both',
    sample(key, shape, rank) {
      if (count(shape) > 0) return { ...project('both', shape, rank), key };
      throw noEntry(density, shape);
    },
    down: (p, gradient) => gather(vector(gradient), ids(p)),
    up: (p, compressed) => reshape(scatterAdd(compressed, ids(p), sizeOf(p.shape)), p.shape),
    // An entry stays where both projections have it. There is no smaller matrix to multiply by.
    transfer: (compressed, from, to) => gather(scatterAdd(compressed, ids(from), sizeOf(from.shape)), ids(to)),
    compressedShape: ({ shape }) => [count(shape)],
    storedFloats: () => 0,
    theory(_, __, given) {
      const { shape } = needGradient('entries', given);
      const size = sizeOf(shape);
      const share = count(shape) / size;
      return {
        gain: share,
        relativeMse: 1 - share,
        // Σ w_j·mask_j without replacement, with weights w that add up to 1, scatters most for a single w_j = 1.
        relativeMseVariance: share * (1 - share),
        readingVariance(g, w) {
          const products = Array.from(g.values, (x, j) => x * (w[j] as number));
          const [sum, squares] = products.reduce(([a, b], x) => [a + x, b + x ** 2], [0, 0] as [number, number]);
          return size === 1 ? 0 : ((share * (1 - share) * size) / (size - 1)) * (squares - sum ** 2 / size);
        },
        largestReadingVariance: share * (1 - share),
      };
    },
  });
}

function noEntry(density: number, shape: Shape): OptionError {
  return new OptionError({
    code: 'projector/rank',
    got: `entries.sample got a gradient ${show(shape)} for the density ${density}`,
    expected: `a density of at least ${1 / sizeOf(shape)}, which keeps one entry`,
    fix: 'raise the density, or exclude this parameter with filter',
  });
}
