import { ShapeError } from '../../base/errors';
import { fold, type Key } from '../../base/key';
import { callable, checkArgument, choice, either, type Kind, kindOf } from '../../base/options';
import { type Shape, sameShape, show } from '../../base/shape';
import type { Adaptable } from '../../nn/adapter';
import { initializers } from '../../nn/initializers';
import { Embedding } from '../../nn/layers/embedding';
import { zeros } from '../../tensor/ops/create';
import type { Tensor } from '../../tensor/tensor';
import { isTensor } from '../../tensor/tree';

/** What random factors are made for. */
export interface DrawSite {
  /** Dotted path of the layer. */
  readonly path: string;
  /** Shape of the weight, [out, in]. */
  readonly shape: Shape;
  /** r */
  readonly rank: number;
  /** s */
  readonly scale: number;
  /** What random numbers are drawn from: a function of the seed, the path and the stage. */
  readonly key: Key;
  /** How often the adapter has been unloaded before: 0 but in `periodicLora`. */
  readonly stage: number;
}

/** The layer that an adapter is made for. */
export interface AdapterSite extends DrawSite {
  /** W [out, in] */
  readonly weight: Tensor;
}

/** The first factors of an adapter. */
export interface Factors {
  /** [r, in] */
  readonly A: Tensor;
  /** [out, r]; without it zeros. Where it is given, s·B·A is taken out of the weight, so that the function stays. */
  readonly B?: Tensor;
  /** False: s·B·A is not taken out of the weight, and the function starts with it (default true). */
  readonly compensated?: boolean;
}

/** How the factors of a `Linear`'s adapter start: a law for A (then B is 0), or a function. */
export type FactorInit<S extends DrawSite = AdapterSite> = 'kaiming' | 'gaussian' | ((site: S) => Factors);

/** What `init` may be; what it returns is checked where it is called. */
export const initKind: Kind<FactorInit> = either(
  choice('kaiming', 'gaussian'),
  callable<(site: AdapterSite) => Factors>('of the layer that returns { A } or { A, B }'),
);

const factorsKind = kindOf<Factors>('{ A } or { A, B }, tensors, and perhaps { compensated: false }', (value) => {
  const { A, B, compensated = true } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return isTensor(A) && (B === undefined || isTensor(B)) && typeof compensated === 'boolean';
});

/** First factors, and whether their product changes the function, so that it must be taken out of the weight. */
export interface FirstFactors extends Required<Pick<Factors, 'A' | 'B'>> {
  readonly shift: boolean;
}

/** The first factors of the adapter of a `Linear` or an `Embedding`; `rule` is for the former. */
export function firstFactors<S extends DrawSite>(
  where: string,
  rule: FactorInit<S>,
  layer: Adaptable,
  site: S,
): FirstFactors {
  return layer instanceof Embedding ? embeddingFactors(site) : linearFactors(where, rule, site);
}

/**
 * A [r, in] and B [out, r] at the start, and whether B changes the function. `kaiming`: A from U(−1/√in, 1/√in), as
 * PEFT; `gaussian`: N(0, 1/r²).
 * @throws OptionError `options/type`
 * @throws ShapeError `adapter/factors`
 */
export function linearFactors<S extends DrawSite>(where: string, rule: FactorInit<S>, site: S): FirstFactors {
  const [outputs, inputs] = site.shape as readonly [number, number];
  const [shapeOfA, shapeOfB] = [
    [site.rank, inputs],
    [outputs, site.rank],
  ] as const;
  if (typeof rule === 'function') {
    const made = rule(site);
    checkArgument(where, 'the result of init', factorsKind, made);
    const { A, B, compensated = true } = made;
    if (!sameShape(A.shape, shapeOfA) || (B && !sameShape(B.shape, shapeOfB))) throw wrongFactors(where, site, A, B);
    return { A, B: B ?? zeros(shapeOfB), shift: B !== undefined && compensated };
  }
  const key = fold(site.key, 'A');
  const B = zeros(shapeOfB);
  const A =
    rule === 'kaiming'
      ? initializers.uniform(key, shapeOfA, 1 / Math.sqrt(inputs))
      : initializers.normal(key, shapeOfA, 1 / site.rank);
  return { A, B, shift: false };
}

/** A [r, rows] = 0 and B [width, r] from N(0, 1): the roles of the factors are exchanged, as in PEFT. */
function embeddingFactors(site: DrawSite): FirstFactors {
  const [rows, width] = site.shape as readonly [number, number];
  return {
    A: zeros([site.rank, rows]),
    B: initializers.normal(fold(site.key, 'B'), [width, site.rank], 1),
    shift: false,
  };
}

function wrongFactors(where: string, { path, rank, shape }: DrawSite, A: Tensor, B?: Tensor): ShapeError {
  const [outputs, inputs] = shape;
  return new ShapeError({
    code: 'adapter/factors',
    got: `${where} got from init for "${path}" A ${show(A.shape)}${B ? ` and B ${show(B.shape)}` : ''}`,
    expected: `A [${rank}, ${inputs}] and, if it is there, B [${outputs}, ${rank}]`,
    fix: 'take the extents from site.rank and site.shape',
  });
}
