import {
  compressedDimension,
  fixedSide,
  mul,
  type Projection,
  type Projector,
  projectors,
  random,
  type Tensor,
  tensor,
} from '../../src/index';

const gaussian: Projector = projectors.gaussian;
const coordinates: Projector = projectors.coordinates;
const haar: Projector = projectors.haar;
const haarUnscaled: Projector = projectors.haarUnscaled;

/** A with every entry times `factor`, which the theory does not know of. */
const scaled = (projector: Projector, factor: (p: Projection) => number): Projector => ({
  ...projector,
  down: (p, g) => mul(projector.down(p, g), factor(p)),
  up: (p, c) => mul(projector.up(p, c), factor(p)),
  transfer: (c, from, to) => mul(projector.transfer(c, from, to), factor(from) * factor(to)),
});

/** 1 everywhere, −1 for the first coordinate of the subspace. */
function flipFirst({ side, rank }: Projection): Tensor {
  const signs = Array.from({ length: rank }, (_, i) => (i === 0 ? -1 : 1));
  return tensor(signs, { shape: side === 'right' ? [1, rank] : [rank, 1] });
}

/** Wrong compressors that look right at a glance, each with a check that must convict it, whatever else does. */
export const mutants: readonly { readonly name: string; readonly projector: Projector; readonly check: string }[] = [
  {
    name: 'scale 1/rank instead of 1/√rank',
    projector: scaled(gaussian, (p) => 1 / Math.sqrt(p.rank)),
    check: 'mean',
  },
  { name: 'entries 10 % too large', projector: scaled(gaussian, () => 1.1), check: 'mean' },
  {
    name: 'a key that is reused for every draw',
    projector: {
      ...gaussian,
      sample: (_, shape, rank, refresh) => gaussian.sample(random.key(1), shape, rank, refresh),
    },
    check: 'regeneration',
  },
  {
    name: 'a sample that does not keep to its side',
    projector: { ...gaussian, sample: (...given) => fixedSide(gaussian, 'right').sample(...given) },
    check: 'state',
  },
  {
    name: 'orthonormal rows without their scale',
    projector: { ...haar, down: haarUnscaled.down, up: haarUnscaled.up, transfer: haarUnscaled.transfer },
    check: 'mean',
  },
  {
    name: 'a theory that forgets the scale of orthonormal rows',
    projector: { ...haarUnscaled, theory: haar.theory },
    check: 'mean',
  },
  {
    name: 'a refresh that re-projects with the old key',
    projector: { ...gaussian, transfer: (c, from) => gaussian.transfer(c, from, from) },
    check: 'transfer',
  },
  {
    name: 'up with another sign in one row',
    projector: { ...gaussian, up: (p, c) => gaussian.up(p, mul(c, flipFirst(p))) },
    check: 'mean',
  },
  {
    name: 'up under a draw of its own',
    projector: {
      ...gaussian,
      up: (p, c) => gaussian.up(gaussian.sample(random.fold(random.key(3), p.rank), p.shape, p.rank), c),
    },
    check: 'adjointness',
  },
  {
    name: 'coordinates that never select the last one',
    projector: lastNeverSelected(),
    check: 'mean',
  },
  {
    name: 'a squared error one unit of d too small',
    projector: {
      ...gaussian,
      theory: (d, rank) => ({ ...gaussian.theory(d, rank), relativeMse: (d - 1) / rank }),
    },
    check: 'mean squared error',
  },
];

/** The weights are right for d coordinates, but the last one is never selected. */
function lastNeverSelected(): Projector {
  const mask = (p: Projection): Tensor => {
    const d = compressedDimension(p);
    const kept = Array.from({ length: d }, (_, i) => (i === d - 1 ? 0 : 1));
    return tensor(kept, { shape: p.side === 'right' ? [1, d] : [d, 1] });
  };
  return {
    ...coordinates,
    down: (p, g) => coordinates.down(p, mul(g, mask(p))),
    up: (p, c) => mul(coordinates.up(p, c), mask(p)),
  };
}
