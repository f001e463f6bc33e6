import { coordinates } from './coordinates';
import { coordinatesByNorm } from './coordinates-by-norm';
import { coordinatesWithReplacement } from './coordinates-with-replacement';
import { countSketch } from './count-sketch';
import { explicit } from './explicit';
import { gaussian } from './gaussian';
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

/** The projectors by name. A new one is a file and a row here. Those with options are functions. */
export const projectors = {
  gaussian,
  rademacher,
  /** Entries that are mostly zero; its options say how many. */
  sparse,
  /** A hash into buckets with signs. */
  countSketch,
  srht,
  haar,
  haarUnscaled,
  coordinates,
  /** Rows or columns drawn independently, some perhaps twice. */
  coordinatesWithReplacement,
  /** Rows or columns drawn by their norms in the gradient at hand. */
  coordinatesByNorm,
  topCoordinates,
  svd,
  /** The leading singular vectors of an older gradient. */
  svdOf,
  twoSidedAverage,
  twoSidedProduct,
  shrunkGaussian,
  /** Given matrices in place of random ones, one for each refresh. */
  explicit,
};
