import {
  add,
  compressedDimension,
  type Key,
  type Projection,
  type Projector,
  random,
  scope,
  type Tensor,
} from 'floragrad';
import type { Look } from './contract';

/** What fresh draws depend on, beside the gradient. */
export interface Drawing {
  readonly projector: Projector;
  readonly rank: number;
  readonly seed: number;
}

/** A projection as a method would draw it for this gradient: a sample, which some projectors then turn towards it. */
export function freshProjection({ projector, rank }: Drawing, gradient: Tensor, key: Key, number: number): Projection {
  const sample = projector.sample(key, gradient.shape, rank, number);
  const context = { key, first: true, step: 0, turn: 0, inner: null, path: 'gradient' };
  return projector.refresh?.(sample, gradient, context) ?? sample;
}

/** The mean of fresh round trips Ĝ = up(down(G)) of one gradient, which does not change. */
export interface MeanOfDraws {
  /** The error of the mean of the first n draws; n may only grow. Null for none, and for a gradient that is zero. */
  after(n: number): Promise<Look['error']>;
}

/** Draws follow from the seed and their number alone. */
export async function meanOfDraws(drawing: Drawing, gradient: Tensor): Promise<MeanOfDraws> {
  const { projector, rank, seed } = drawing;
  const values = Float64Array.from(await gradient.data());
  const shape = gradient.shape as readonly [number, number];
  const side = projector.side(shape);
  const size = squared(values);
  const sum = new Float64Array(values.length);
  let draws = 0;

  const draw = (number: number): Tensor => {
    const projection = freshProjection(drawing, gradient, random.fold(random.key(seed), 'draws', number), number);
    return projector.up(projection, projector.down(projection, gradient));
  };

  return {
    async after(n) {
      if (n === 0 || size === 0) return null;
      if (n > draws) {
        const more = scope(() => {
          let total = draw(draws);
          for (let number = draws + 1; number < n; number++) total = add(total, draw(number));
          return total;
        });
        for (const [i, x] of (await more.data()).entries()) sum[i] = (sum[i] as number) + x;
        draws = n;
      }
      const off = sum.map((x, i) => x / draws - (values[i] as number));
      const one = projector.theory(compressedDimension({ shape, side }), rank, { values, shape, side });
      return { draws, measured: squared(off) / size, theory: ofMean(one, draws) };
    },
  };
}

/** The variance of the mean of n independent draws falls as 1/n, the bias stays. Without a gain all draws are alike. */
function ofMean({ gain, relativeMse }: { gain: number | null; relativeMse: number }, n: number): number {
  if (gain === null) return relativeMse;
  const bias = (gain - 1) ** 2; // ‖gain·G − G‖²/‖G‖²
  return bias + (relativeMse - bias) / n;
}

function squared(values: Float64Array): number {
  return values.reduce((total, x) => total + x * x, 0);
}
