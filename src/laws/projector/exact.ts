import { fold, type Key, key } from '../../base/key';
import { compressedShape, type Projection, type Projector } from '../../compress/projector';
import { drawProjection, inner } from '../../study/round-trip';
import { noGrad } from '../../tensor/derivatives/no-grad';
import { svd } from '../../tensor/linalg/svd';
import { axpby } from '../../tensor/ops/elementwise/axpby';
import { transpose } from '../../tensor/ops/movement/transpose';
import { random } from '../../tensor/ops/random/random';
import type { Tensor } from '../../tensor/tensor';
import { forEachTensor, isTensor } from '../../tensor/tree';
import { type ProjectorCase, type ProjectorLaw, sampleGradient } from './case';

/**
 * The laws of this file hold for every draw, so a single case that breaks one decides; all that is allowed for is float32.
 * Two ways of computing one thing may differ by this much of its size: sums of some thousand products, rounded to 2^−24
 * each, stay far below it, and a wrong formula far above.
 */
const tolerance = 1e-4;

/** down and up are linear: f(aX + bY) = a·f(X) + b·f(Y). */
const linearity: ProjectorLaw = {
  name: 'linearity',
  async find(projector, given) {
    const [g, h] = [sampleGradient(given, 'first'), sampleGradient(given, 'second')];
    const p = draw(projector, given, g);
    const [a, b] = [0.75, -1.5];
    const [c, e] = [projector.down(p, g), projector.down(p, h)];
    const down = await distance(projector.down(p, axpby(a, g, b, h)), axpby(a, c, b, e));
    const up = await distance(projector.up(p, axpby(a, c, b, e)), axpby(a, projector.up(p, c), b, projector.up(p, e)));
    const statistic = Math.max(down, up);
    const message = `${up > down ? 'up' : 'down'} of a sum differs from the sum of both by ${show(statistic)} of its size`;
    return { statistic, threshold: tolerance, message };
  },
};

/** ⟨down(G), C⟩ = ⟨G, up(C)⟩: up uses the transpose of the same A. */
const adjointness: ProjectorLaw = {
  name: 'adjointness',
  async find(projector, given) {
    const g = sampleGradient(given, 'first');
    const p = draw(projector, given, g);
    const down = projector.down(p, g);
    const c = random.normal(fold(key(given.seed), 'compressed'), down.shape);
    const [x, y] = [await down.data(), await c.data()];
    const left = inner(x, y);
    const right = inner(await g.data(), await projector.up(p, c).data());
    const statistic = Math.abs(left - right) / Math.sqrt(inner(x, x) * inner(y, y) || 1);
    const message = `⟨down(G), C⟩ is ${show(left)} and ⟨G, up(C)⟩ is ${show(right)}`;
    return { statistic, threshold: tolerance, message };
  },
};

/**
 * One key, one draw, bit for bit; another refresh, path or seed, another draw. On a gradient so large that two draws agree
 * by chance with no projector worth the name. A fixed projector has one draw for all keys, for its own shape.
 */
const regeneration: ProjectorLaw = {
  name: 'regeneration',
  async find(projector, own) {
    const { seed } = own;
    const given: ProjectorCase = projector.fixed ? own : { shape: [48, 60], rank: 12, seed };
    const g = sampleGradient(given, 'first');
    const code = async (from: Key): Promise<string> =>
      (await projector.down(projector.sample(from, given.shape, given.rank, 0), g).data()).join();
    const made = (path: string, refresh: number, from = seed): Key => fold(key(from), path, 'projection', refresh);
    const once = await code(made('w', 0));
    const again = await code(made('w', 0));
    const others = await Promise.all([made('w', 1), made('v', 0), made('w', 0, seed + 1)].map(code));
    const same = others.filter((other) => other === once).length;
    const looked = projector.refresh ? await refreshedTwice(projector, given, g) : true;
    const faults = (once === again ? 0 : 1) + (looked ? 0 : 1) + (projector.fixed ? others.length - same : same);
    const message =
      once === again && looked ? `${same} of 3 other keys gave the same draw` : 'the same key gave two different draws';
    return { statistic: faults, threshold: 0, message };
  },
};

async function refreshedTwice(projector: Projector, given: ProjectorCase, g: Tensor): Promise<boolean> {
  const codes = [0, 1].map(async () => (await projector.down(draw(projector, given, g), g).data()).join());
  const [once, again] = await Promise.all(codes);
  return once === again;
}

/** The left side of G is the right side of Gᵀ, transposed. Where both have one side, there is nothing to compare. */
const symmetry: ProjectorLaw = {
  name: 'left and right',
  async find(projector, given) {
    const [n, m] = given.shape;
    const g = sampleGradient(given, 'first');
    const sides = [projector.side([n, m]), projector.side([m, n])];
    if (n === m || projector.fixed || sides[0] === sides[1] || sides.includes('both')) {
      const message = `not compared: [${n}, ${m}] and its transpose are compressed on the side ${sides.join(' and ')}`;
      return { statistic: 0, threshold: tolerance, message };
    }
    const trip = (x: Tensor): Tensor => {
      const p = draw(projector, given, x);
      return projector.up(p, projector.down(p, x));
    };
    const statistic = await distance(trip(g), transpose(trip(transpose(g))));
    const message = `G and its transpose come back differently by ${show(statistic)} of their size`;
    return { statistic, threshold: tolerance, message };
  },
};

/** transfer(C, old, new) = down(new, up(old, C)), whatever way it takes. */
const transferOracle: ProjectorLaw = {
  name: 'transfer',
  async find(projector, given) {
    const [g, h] = [sampleGradient(given, 'first'), sampleGradient(given, 'second')];
    const [from, to] = [draw(projector, given, g, 0), draw(projector, given, h, 1)];
    const c = projector.down(from, g);
    const expected = projector.down(to, projector.up(from, c));
    // two projections can be orthogonal, so that nothing but rounding is left: measure that against C
    const statistic = await distance(projector.transfer(c, from, to), expected, await norm(c));
    const message = `transfer differs from down after up by ${show(statistic)} of its size`;
    return { statistic, threshold: tolerance, message };
  },
};

/** A projection is plain data with as many floats as promised, for the side promised, and C has the shape promised. */
const state: ProjectorLaw = {
  name: 'state',
  async find(projector, given) {
    const { shape, rank } = given;
    const g = sampleGradient(given, 'first');
    const p = draw(projector, given, g);
    let floats = 0;
    forEachTensor(p, (tensor) => {
      floats += tensor.size;
    });
    const faults: string[] = [];
    const expect = (what: string, got: unknown, expected: unknown): void => {
      if (String(got) !== String(expected)) faults.push(`${what} is ${got}; expected ${expected}`);
    };
    expect('the side of the projection', p.side, projector.side(shape));
    expect('its rank', p.rank, rank);
    expect('its shape', p.shape, shape);
    expect('its floats', floats, projector.storedFloats(shape, rank));
    expect('the shape of down(G)', projector.down(p, g).shape, compressedShape(projector, p));
    expect('the shape of up(down(G))', projector.up(p, projector.down(p, g)).shape, shape);
    const strange = notPlain(p);
    if (strange) faults.push(`${strange} is not plain data`);
    const compressed = compressedShape(projector, p);
    const message = faults.length > 0 ? faults.join('; ') : `state [${compressed}] and ${floats} floats of projection`;
    return { statistic: faults.length, threshold: 0, message };
  },
};

/** The first field that a file could not hold: state is tensors, numbers, strings, arrays and records of them (D5). */
function notPlain(tree: unknown, path = 'the projection'): string | undefined {
  if (isTensor(tree) || tree === null || ['number', 'string', 'boolean'].includes(typeof tree)) return undefined;
  if (typeof tree !== 'object') return `${path} (${typeof tree})`;
  const prototype: unknown = Object.getPrototypeOf(tree);
  if (!Array.isArray(tree) && prototype !== Object.prototype && prototype !== null) return path;
  for (const [name, branch] of Object.entries(tree)) {
    const found = notPlain(branch, `${path}.${name}`);
    if (found) return found;
  }
  return undefined;
}

/**
 * One round trip has rank r at most, and the sum of many reaches min(n, m): fresh draws leave no direction out for ever. A
 * coordinate is missing from k draws of r of d with chance about exp(−k·r/d), below e⁻²³/d for the k here. A random sum of
 * full rank has a singular value below the cut with a chance of about 1e-4, and three of three have with 1e-12. Of a fixed
 * projector the sum has the rank of one.
 */
const rankGrowth: ProjectorLaw = {
  name: 'rank',
  async find(projector, given) {
    const { shape, rank } = given;
    const smaller = Math.min(...shape);
    const bound = Math.min(smaller, projector.side(shape) === 'both' ? 2 * rank : rank);
    const draws = Math.ceil((Math.max(...shape) / rank) * (Math.log(Math.max(...shape)) + 23));
    const trip = (trial: number): Tensor =>
      noGrad(() => {
        const g = sampleGradient({ ...given, seed: given.seed + trial }, 'rank');
        const p = draw(projector, given, g, trial);
        return projector.up(p, projector.down(p, g));
      });
    const single = await numericalRank(trip(0));
    let total = 0;
    for (let run = 0; run < 3 && total < smaller; run++) {
      let sum = trip(run * draws);
      for (let trial = 1; trial < draws; trial++) sum = noGrad(() => sum.add(trip(run * draws + trial)));
      total = Math.max(total, await numericalRank(sum));
    }
    const message = `one round trip has rank ${single} of at most ${bound}, the sum of ${draws} has ${total} of ${smaller}`;
    const statistic = Math.max(0, single - bound) + (projector.fixed ? Math.max(0, total - bound) : smaller - total);
    return { statistic, threshold: 0, draws, message };
  },
};

/** Singular values above 1e-5 of the largest one. */
async function numericalRank(x: Tensor): Promise<number> {
  const values = await svd(x).s.data();
  return values.filter((value) => value > 1e-5 * (values[0] as number)).length;
}

/** What holds for every draw, up to rounding. */
export const exactLaws: readonly ProjectorLaw[] = [
  linearity,
  adjointness,
  regeneration,
  symmetry,
  transferOracle,
  state,
  rankGrowth,
];

function draw(projector: Projector, { rank, seed }: ProjectorCase, gradient: Tensor, trial = 0): Projection {
  return drawProjection(projector, gradient, { rank, seed, trial });
}

/** ‖a − e‖ over the larger of ‖e‖ and `size`, with NaN anywhere as infinitely far. */
async function distance(a: Tensor, e: Tensor, size = 0): Promise<number> {
  if (a.shape.join() !== e.shape.join()) return Infinity;
  const off = await norm(a.sub(e));
  const whole = Math.max(size, await norm(e));
  return Number.isNaN(off) || Number.isNaN(whole) ? Infinity : off / (whole || 1);
}

async function norm(x: Tensor): Promise<number> {
  const values = await x.data();
  return Math.sqrt(inner(values, values));
}

function show(x: number): string {
  return x.toPrecision(3);
}
