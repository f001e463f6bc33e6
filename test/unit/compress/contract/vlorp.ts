import {
  type Combine,
  compress,
  type EmaState,
  ema,
  type Projection,
  type Projector,
  project,
  type Shape,
  type Tensor,
  zeros,
} from '../../../../src/index';

/** A projection of the gradient in another shape. */
export interface UnitProjection<Q extends Projection> extends Projection {
  readonly unit: Q;
}

/**
 * Any projector on another unit than a row or column: a tall gradient [n, m] is projected as [n·c, m/c], a wide one as
 * [n/c, m·c], of the same numbers in the same order.
 */
export function inUnits<Q extends Projection>(of: Projector<Q>, c: number): Projector<UnitProjection<Q>> {
  const unitShape = ([n, m]: Shape): [number, number] => {
    const [rows, columns] = [n as number, m as number];
    return rows < columns ? [rows / c, columns * c] : [rows * c, columns / c];
  };
  return {
    name: `${of.name} in units, c = ${c}`,
    side: () => 'both',
    sample(key, shape, rank, refresh) {
      return { ...project('both', shape, rank), unit: of.sample(key, unitShape(shape), rank, refresh) };
    },
    down: ({ unit }, g) => of.down(unit, g.reshape(unit.shape)),
    up: ({ unit, shape }, x) => of.up(unit, x).reshape(shape),
    transfer: (x, from, to) => of.transfer(x, from.unit, to.unit),
    compressedShape({ unit }) {
      const [n, m] = unit.shape;
      return of.compressedShape?.(unit) ?? (unit.side === 'right' ? [n, unit.rank] : [unit.rank, m]);
    },
    storedFloats: (shape, rank) => of.storedFloats(unitShape(shape), rank),
    theory(d, rank, gradient) {
      if (!gradient) return of.theory(d / c, rank);
      const shape = unitShape(gradient.shape);
      const given = { ...gradient, shape, side: of.side(shape) };
      const { readingVariance, ...theory } = of.theory(Math.min(...shape), rank, given);
      if (!readingVariance) return theory;
      return { ...theory, readingVariance: (_, w) => readingVariance(given, w) };
    },
  };
}

/** R and C, moving sums of Ĝ² over rows and over columns. */
interface Factors {
  readonly step: number;
  readonly rows: Tensor;
  readonly columns: Tensor;
}

export interface VlorpOptions<P extends Projection> {
  readonly projector: Projector<P>;
  /** c: finer units for a larger one. */
  readonly units: number;
  readonly rank: number;
  readonly refreshEvery: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

/**
 * VLoRP with ProjFactor: a compressed momentum over a factored second moment of the round trip, both of which survive a
 * refresh as they are. Without the learning rate and its sign.
 * @see "Memory-efficient LLM training by various-grained low-rank projection of gradients", arXiv 2505.01744.
 */
export function vlorp<P extends Projection>(options: VlorpOptions<P>) {
  const { projector, units, rank, refreshEvery, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-6 } = options;

  const step: Combine<EmaState, Factors> = (G, leaf, { refresh, down, inner, up }) => {
    leaf = refresh(leaf);
    const C = down(leaf, G);
    const [M, next] = inner(leaf, C);
    const square = up(leaf, C).square(); //                                                       Ĝ²
    const moved = (old: Tensor, axis: number): Tensor =>
      old.mul(beta2).add(square.sum({ axis, keepDims: true }).mul(1 - beta2));
    const own = { step: leaf.own.step + 1, rows: moved(leaf.own.rows, 1), columns: moved(leaf.own.columns, 0) };
    const V = own.rows.mul(own.columns).div(own.rows.sum()); //                                   R·C/ΣR
    const correction = Math.sqrt(1 - beta2 ** own.step) / (1 - beta1 ** own.step);
    return [up(next, M).div(V.sqrt().add(epsilon)).mul(correction), { ...next, own }];
  };

  const init = ({ shape: [n, m] }: Tensor): Factors => ({
    step: 0,
    rows: zeros([n as number, 1]),
    columns: zeros([1, m as number]),
  });
  return compress({
    projector: inUnits(projector, units),
    rank,
    inner: ema({ decay: beta1 }),
    refreshEvery,
    onRefresh: 'keep',
    combine: Object.assign(step, { init }),
  });
}
