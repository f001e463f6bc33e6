import type { Projection, Projector } from '../projector';
import { coordinates } from './coordinates';
import { coordinatesByNorm } from './coordinates-by-norm';
import { coordinatesUnscaled } from './coordinates-unscaled';
import { coordinatesWithReplacement } from './coordinates-with-replacement';
import { countSketch } from './count-sketch';
import { entries } from './entries';
import { explicit } from './explicit';
import { gaussian } from './gaussian';
import { geodesic } from './geodesic';
import { haar } from './haar';
import { haarUnscaled } from './haar-unscaled';
import { rademacher } from './rademacher';
import { shrunkGaussian } from './shrunk-gaussian';
import { sparse } from './sparse';
import { srht } from './srht';
import { svd } from './svd';
import { svdOf } from './svd-of';
import { topCoordinates } from './top-coordinates';
import { twoSidedAverage } from './two-sided-average';
import { twoSidedProduct } from './two-sided-product';

/** A row: what `projectors` has under its name, and its usual instances by label. */
interface Row<T> {
  readonly projector: T;
  readonly usual: () => Readonly<Record<string, Projector>>;
}

/* @__NO_SIDE_EFFECTS__ */
function only<P extends Projection>(projector: Projector<P>): Row<Projector<P>> {
  return { projector, usual: () => ({ [projector.name]: projector }) };
}

/* @__NO_SIDE_EFFECTS__ */
function made<T>(projector: T, usual: Row<T>['usual'] = () => ({})): Row<T> {
  return { projector, usual };
}

// A new projector is a file and a row here: the command, the laws and the certification have their lists from this one.
const rows = {
  gaussian: only(gaussian),
  rademacher: only(rademacher),
  haar: only(haar),
  coordinates: only(coordinates),
  /** Entries that are mostly zero; its options say how many. */
  sparse: made(sparse, () => ({ sparse: sparse(), 'sparse, sparsity 8': sparse({ sparsity: 8 }) })),
  /** A hash into buckets with signs. */
  countSketch: made(countSketch, () => ({ countSketch: countSketch(), osnap: countSketch({ nonzeros: 4 }) })),
  srht: only(srht),
  haarUnscaled: only(haarUnscaled),
  coordinatesUnscaled: only(coordinatesUnscaled),
  /** Rows or columns drawn independently, some perhaps twice. */
  coordinatesWithReplacement: made(coordinatesWithReplacement, () => ({
    coordinatesWithReplacement: coordinatesWithReplacement(),
  })),
  /** Rows or columns drawn by their norms in the gradient at hand. */
  coordinatesByNorm: made(coordinatesByNorm, () => ({
    coordinatesByNorm: coordinatesByNorm({ of: 'norm' }),
    coordinatesBySquaredNorm: coordinatesByNorm({ of: 'squaredNorm' }),
  })),
  topCoordinates: only(topCoordinates),
  svd: only(svd),
  /** The leading singular vectors of an older gradient. */
  svdOf: made(svdOf),
  /** The subspace of the last refresh, turned towards the gradient at hand. */
  geodesic: made(geodesic),
  twoSidedAverage: only(twoSidedAverage),
  twoSidedProduct: only(twoSidedProduct),
  shrunkGaussian: only(shrunkGaussian),
  /** Single entries of the matrix, a share of them. */
  entries: made(entries),
  /** Given matrices in place of random ones, one for each refresh. */
  explicit: made(explicit),
};

type Rows = typeof rows;

/** The projectors by name. Those with options are functions. */
export const projectors: { readonly [Name in keyof Rows]: Rows[Name]['projector'] } =
  /* @__PURE__ */ projectorsOf(rows);

/* @__NO_SIDE_EFFECTS__ */
function projectorsOf<R extends Readonly<Record<string, Row<unknown>>>>(
  of: R,
): { readonly [Name in keyof R]: R[Name]['projector'] } {
  const named = Object.entries(of).map(([name, { projector }]) => [name, projector]);
  return Object.fromEntries(named);
}

/** Every projector with its usual options, by a label. Those that need a gradient or matrices to be made have none. */
export function usualInstances(): Readonly<Record<string, Projector>> {
  return Object.assign({}, ...Object.values(rows).map(({ usual }) => usual()));
}
