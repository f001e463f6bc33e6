import { OptionError, ShapeError } from '../base/errors';
import type { Key } from '../base/key';
import { checkArgument, choice, inMessage, type Kind, kindOf, refuseExtra } from '../base/options';
import { type Shape, shapeKind, show } from '../base/shape';
import type { Tensor } from '../tensor/tensor';
import type { Side } from './side';
import type { GradientValues, Theory } from './theory/theory';

/**
 * What every projection of this library knows about itself. Plain data, and the matrix A is a function of it: where A is
 * random, of a key of two numbers that it holds in place of A (`keyed.ts`), which is all that a file has to store.
 */
export interface Projection {
  /** Which dimension it compresses. */
  readonly side: Side;
  /** Shape of the gradients that it projects. */
  readonly shape: readonly [n: number, m: number];
  /** Rows of A, r. */
  readonly rank: number;
}

/** What a projection that is made for a gradient may go by. */
export interface RefreshContext<S = unknown> {
  /** Depends on the seed, the path and the number of the refresh. */
  readonly key: Key;
  /** The projection is a sample, which no gradient has shaped: at the first gradient, and where the rank changes. */
  readonly first: boolean;
  /** The optimizer's step, counted from 0. */
  readonly step: number;
  /** How many intervals of `refreshEvery` have passed at this step, a whole number: 0 at the first step. */
  readonly turn: number;
  /** State of the inner transform under the projection in use; its records have one tensor each, by `path`. */
  readonly inner: S;
  /** The parameter's path. */
  readonly path: string;
}

/**
 * A family of projections. Pure: a projection is plain data, and `down` and `up` are linear maps that depend on nothing
 * else. `S` is the inner state, for a `refresh` that looks at it.
 * @see methods: `docs/glossary.md`; Flora (Hao, Cao and Mou, ICML 2024), section 2.
 */
export interface Projector<P extends Projection = Projection, S = unknown> {
  /** For messages and tables. */
  readonly name: string;
  /** Which dimension it compresses for gradients of this shape. */
  side(shape: Shape): Side;
  /**
   * A fresh draw for gradients of this shape, on `this.side(shape)`; `refresh` counts the draws of one parameter, the key
   * already depends on it.
   */
  sample(key: Key, shape: Shape, rank: number, refresh?: number): P;
  /**
   * Only projectors that look at gradients have this: a projection made for `gradient`, in place of a fresh sample, from
   * the one in use. The sample serves before the first gradient. If it returns the projection that it was given, the same
   * object, there is no refresh: the inner state stays as it is, whatever `onRefresh` says, and none is counted.
   */
  refresh?(projection: P, gradient: Tensor, context: RefreshContext<S>): P;
  /** G [n, m] → C: [n, r] on the right, [r, m] on the left, or as `compressedShape` says. */
  down(projection: P, gradient: Tensor): Tensor;
  /** C → [n, m], with the transpose of the same A. */
  up(projection: P, compressed: Tensor): Tensor;
  /** C under a new projection: down(new, up(old, C)), without forming the [n, m] matrix. */
  transfer(compressed: Tensor, from: P, to: P): Tensor;
  /** True for projectors whose every draw is the same, whatever the key, such as `svdOf` of an older gradient. */
  readonly fixed?: true;
  /** The shape of C where it is not the usual one. */
  compressedShape?(projection: P): Shape;
  /** Floats of state that the projection itself needs: 0 when it is a function of its key. */
  storedFloats(shape: Shape, rank: number): number;
  /**
   * What is promised of up(down(G)) over fresh draws, for the compressed dimension d. Projectors whose promises depend on
   * the gradient need it.
   * @throws OptionError `projector/no-theory`
   */
  theory(d: number, rank: number, gradient?: GradientValues): Theory;
}

/** What a projector is. */
export const projectorKind: Kind<Projector> = kindOf(
  'a projector such as projectors.gaussian',
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    ['side', 'sample', 'down', 'up', 'transfer', 'storedFloats', 'theory'].every(
      (name) => typeof (value as Readonly<Record<string, unknown>>)[name] === 'function',
    ),
);

const sideKind = choice('left', 'right', 'both');

/** What says which dimension of which shape is compressed. */
const sidedKind: Kind<Pick<Projection, 'side' | 'shape'>> = kindOf(
  'an object with a side and the shape [n, m]',
  (value) => {
    const { side, shape } = (value ?? {}) as Readonly<Record<string, unknown>>;
    return sideKind.fits(side) && isMatrixShape(shape);
  },
);

/** What `sample` of a projector returns. */
export const projectionKind: Kind<Projection> = {
  ...kindOf<Projection>(
    'a projection, as sample of this projector returns it',
    (value) => sidedKind.fits(value) && Number.isSafeInteger((value as { rank?: unknown }).rank),
  ),
  fix: () => 'draw one with projector.sample(key, gradient.shape, rank)',
};

function isMatrixShape(value: unknown): value is readonly [n: number, m: number] {
  return shapeKind.fits(value) && value.length === 2;
}

/** Compress the smaller dimension, so that the state is rank·max(n, m) floats; a square is compressed on the right. */
export function smallerSide(shape: Shape): Side {
  if (arguments.length > 1) refuseExtra('smallerSide', arguments, 1);
  const [n, m] = matrixShape('smallerSide', shape);
  return n < m ? 'left' : 'right';
}

/** The dimension that a projection compresses; the smaller one where it compresses both. */
export function compressedDimension(projection: Pick<Projection, 'side' | 'shape'>): number {
  if (arguments.length > 1) refuseExtra('compressedDimension', arguments, 1);
  checkArgument('compressedDimension', 'projection', sidedKind, projection);
  const [n, m] = projection.shape;
  const { side } = projection;
  if (side === 'both') return Math.min(n, m);
  return side === 'left' ? n : m;
}

/**
 * The axis of the r coordinates in a compressed gradient: 1 on the right, 0 on the left.
 * @throws OptionError `projector/both-sides`
 */
export function rankAxis(projection: Pick<Projection, 'side' | 'shape'>): 0 | 1 {
  if (arguments.length > 1) refuseExtra('rankAxis', arguments, 1);
  checkArgument('rankAxis', 'projection', sidedKind, projection);
  if (projection.side !== 'both') return projection.side === 'right' ? 1 : 0;
  throw new OptionError({
    code: 'projector/both-sides',
    got: "rankAxis got a projection of the side 'both'",
    expected: 'one that compresses a single side',
    fix: 'use a projector such as projectors.gaussian',
  });
}

/** [n, r] on the right, [r, m] on the left, unless the projector has a shape of its own. */
export function compressedShape<P extends Projection>(projector: Projector<P>, projection: P): Shape {
  const { side, shape, rank } = projection;
  const [n, m] = shape;
  return projector.compressedShape?.(projection) ?? (side === 'right' ? [n, rank] : [rank, m]);
}

/** A theory that cannot be had without the gradient. */
export function needGradient(name: string, gradient: GradientValues | undefined): GradientValues {
  if (gradient) return gradient;
  throw new OptionError({
    code: 'projector/no-theory',
    got: `${name}.theory got no gradient`,
    expected: 'the gradient: its error depends on it',
    fix: 'call theory(d, rank, { values, shape, side })',
  });
}

/**
 * The plain data of a projection, checked.
 * @throws OptionError `projector/rank`
 * @throws ShapeError `projector/not-a-matrix`
 */
export function project(side: Side, shape: Shape, rank: number): Projection {
  if (arguments.length > 3) refuseExtra('project', arguments, 3);
  checkArgument('project', 'side', sideKind, side);
  const [n, m] = matrixShape('project', shape);
  const d = compressedDimension({ side, shape: [n, m] });
  if (Number.isInteger(rank) && rank >= 1 && rank <= d) return { side, shape: [n, m], rank };
  throw wrongRank('project', side, [n, m], rank, d);
}

/** The error of a rank that is none for this gradient. */
export function wrongRank(where: string, side: Side, shape: Shape, rank: number, d: number): OptionError {
  return new OptionError({
    code: 'projector/rank',
    got: `${where} got rank ${inMessage(rank)} for a ${show(shape)} gradient and the side '${side}'`,
    expected: `a whole number from 1 to ${d}, the dimension it compresses`,
    fix: 'lower the rank, or exclude this parameter with filter',
  });
}

/** The two extents of a gradient. @throws ShapeError `projector/not-a-matrix` */
export function matrixShape(where: string, shape: Shape): readonly [n: number, m: number] {
  if (isMatrixShape(shape)) return shape;
  throw new ShapeError({
    code: 'projector/not-a-matrix',
    got: `${where} got a gradient of the shape ${shapeKind.fits(shape) ? show(shape) : inMessage(shape)}`,
    expected: 'two axes',
    fix: 'reshape it to [out, rest], or leave it dense with filter',
  });
}
