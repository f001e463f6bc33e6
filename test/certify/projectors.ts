import { type Projector, projectors } from '../../src/index';

const { coordinatesByNorm, coordinatesWithReplacement, countSketch, sparse, ...plain } = projectors;

/** Every unbiased projector of the library, with its options. */
export const unbiased: readonly { readonly label: string; readonly projector: Projector }[] = [
  { label: 'gaussian', projector: plain.gaussian },
  { label: 'rademacher', projector: plain.rademacher },
  { label: 'sparse, sparsity 3', projector: sparse() },
  { label: 'sparse, sparsity 8', projector: sparse({ sparsity: 8 }) },
  { label: 'countSketch', projector: countSketch() },
  { label: 'countSketch, 3 nonzeros (OSNAP)', projector: countSketch({ nonzeros: 3 }) },
  { label: 'srht', projector: plain.srht },
  { label: 'haar', projector: plain.haar },
  { label: 'coordinates', projector: plain.coordinates },
  { label: 'coordinatesWithReplacement', projector: coordinatesWithReplacement() },
  { label: 'coordinatesByNorm, norm', projector: coordinatesByNorm({ of: 'norm' }) },
  { label: 'coordinatesByNorm, squaredNorm', projector: coordinatesByNorm({ of: 'squaredNorm' }) },
  { label: 'twoSidedAverage', projector: plain.twoSidedAverage },
  { label: 'twoSidedProduct', projector: plain.twoSidedProduct },
];
