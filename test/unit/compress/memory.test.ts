import { describe, expect, it } from 'vitest';
import {
  backend,
  memory,
  type Projection,
  type Projector,
  projectors,
  random,
  scope,
  type Tensor,
} from '../../../src/index';

// What a projection allocates, by the allocator's own count.
const [n, m, rank] = [400, 660, 16];
const shapes = { left: [n, m], right: [m, n] } as const;

const { gaussian, shrunkGaussian, rademacher, sparse, countSketch, coordinates, srht } = projectors;
/** A is generated inside products. The smaller extent is compressed, so A would be [rank, n] on either side. */
const generated: readonly Projector[] = [gaussian, shrunkGaussian, rademacher, sparse(), sparse({ sparsity: 8 })];

/** A is a hash, a selection, a fast transform, or two that are generated. */
const neverFormed: readonly Projector[] = [
  countSketch(),
  countSketch({ nonzeros: 3 }),
  coordinates,
  projectors.coordinatesWithReplacement(),
  srht,
  projectors.twoSidedProduct,
];

/** The most that was held at once, in floats, beyond what was there before; results and temporaries count alike. */
function peakFloats(run: () => Tensor): number {
  return scope(() => {
    run(); // whatever is made once is made now
    const { bytes } = memory();
    backend().resetPeak();
    run();
    return (memory().peakBytes - bytes) / 4;
  });
}

/** G, C and two projections of it, all on the device. */
function operands<P extends Projection>(projector: Projector<P>, shape: readonly [number, number]) {
  const [from, to] = [0, 1].map((seed) => projector.sample(random.key(seed), shape, rank)) as [P, P];
  const g = random.normal(random.key(2), shape);
  return { from, to, g, c: projector.down(from, g) };
}

describe.each(['left', 'right'] as const)('on the %s', (side) => {
  const shape = shapes[side];
  it.each(generated.map((projector) => [projector.name, projector] as const))(
    '%s: down and up hold their results and nothing else, a transfer r×r besides',
    (_, projector) => {
      scope(() => {
        const { from, to, g, c } = operands(projector, shape);
        expect(from.side).toBe(side);
        expect(peakFloats(() => projector.down(from, g))).toBe(rank * m);
        expect(peakFloats(() => projector.up(from, c))).toBe(n * m);
        expect(peakFloats(() => projector.transfer(c, from, to))).toBe(rank * rank + rank * m);
      });
    },
  );
  it.each(neverFormed.map((projector) => [projector.name, projector] as const))(
    '%s: a transfer has no room for the old A beside its result',
    (_, projector) => {
      scope(() => {
        const { from, to, c } = operands(projector, shape);
        expect(peakFloats(() => projector.transfer(c, from, to))).toBeLessThan(c.size + rank * n);
      });
    },
  );
});

it('twoSidedAverage: a transfer forms no matrix of the full shape', () => {
  scope(() => {
    const { from, to, c } = operands(projectors.twoSidedAverage, [n, m]);
    expect(peakFloats(() => projectors.twoSidedAverage.transfer(c, from, to))).toBeLessThan(n * m);
  });
});
