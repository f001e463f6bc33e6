// The laws of S = AᵀA by enumeration, for small d and r: from what each projector says it draws, not from its theory. A
// Gaussian entry is a Gauss-Hermite node, which is exact for polynomials up to degree 9; the error squared has degree 8.

/** S, row-major [d, d], and its chance. */
export interface Atom {
  readonly s: Float64Array;
  readonly chance: number;
}
interface Point<T> {
  readonly x: T;
  readonly chance: number;
}

/** Every way to take one of `points` `count` times, independently. */
function* powers<T>(points: readonly Point<T>[], count: number): Generator<Point<T[]>> {
  if (count === 0) {
    yield { x: [], chance: 1 };
    return;
  }
  for (const rest of powers(points, count - 1))
    for (const { x, chance } of points) yield { x: [...rest.x, x], chance: rest.chance * chance };
}

/** Equally likely. */
function evenly<T>(values: readonly T[]): Point<T>[] {
  return values.map((x) => ({ x, chance: 1 / values.length }));
}

/** Subsets of {0, …, n − 1} of this size. */
function subsets(n: number, size: number, from = 0): number[][] {
  if (size === 0) return [[]];
  const all: number[][] = [];
  for (let i = from; i < n; i++) for (const rest of subsets(n, size - 1, i + 1)) all.push([i, ...rest]);
  return all;
}

/** AᵀA of A [r, d], row-major. */
function gram(a: ArrayLike<number>, rank: number, d: number): Float64Array {
  const s = new Float64Array(d * d);
  for (let l = 0; l < rank; l++) {
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++) (s[i * d + j] as number) += (a[l * d + i] as number) * (a[l * d + j] as number);
  }
  return s;
}

/** A of independent entries. */
function independent(entry: readonly Point<number>[]): (d: number, rank: number) => Atom[] {
  return (d, rank) =>
    Array.from(powers(entry, rank * d), ({ x, chance }) => ({
      s: gram(x, rank, d).map((value) => value / rank),
      chance,
    }));
}

const root10 = Math.sqrt(10);
const hermite: Point<number>[] = [
  { x: 0, chance: 8 / 15 },
  ...[-1, 1].flatMap((sign) => [
    { x: sign * Math.sqrt(5 - root10), chance: (7 + 2 * root10) / 60 },
    { x: sign * Math.sqrt(5 + root10), chance: (7 - 2 * root10) / 60 },
  ]),
];

const times =
  (law: (d: number, rank: number) => Atom[], gain: (d: number, rank: number) => number) =>
  (d: number, rank: number): Atom[] =>
    law(d, rank).map(({ s, chance }) => ({ s: s.map((x) => x * gain(d, rank)), chance }));

export const gaussian = independent(hermite);
/** Fewer nodes, exact up to degree 5: for means, and for second moments of readings. */
export const gaussianToFive = independent([
  { x: 0, chance: 2 / 3 },
  { x: Math.sqrt(3), chance: 1 / 6 },
  { x: -Math.sqrt(3), chance: 1 / 6 },
]);
export const shrunkGaussian = times(gaussian, (d, rank) => rank / (rank + d + 1));
export const rademacher = independent(evenly([-1, 1]));
export const sparse = (q: number) =>
  independent([
    { x: 0, chance: 1 - 1 / q },
    { x: Math.sqrt(q), chance: 1 / (2 * q) },
    { x: -Math.sqrt(q), chance: 1 / (2 * q) },
  ]);

/** Each column: c distinct rows, with a sign over √c each. */
export const countSketch =
  (nonzeros: number) =>
  (d: number, rank: number): Atom[] => {
    const c = Math.min(nonzeros, rank);
    const columns = subsets(rank, c).flatMap((rows) =>
      [...powers(evenly([-1, 1]), c)].map(({ x }) => {
        const column = new Array<number>(rank).fill(0);
        for (const [i, row] of rows.entries()) column[row] = (x[i] as number) / Math.sqrt(c);
        return column;
      }),
    );
    return Array.from(powers(evenly(columns), d), ({ x, chance }) => {
      const a = Array.from({ length: rank * d }, (_, at) => x[at % d]?.[Math.floor(at / d)] as number);
      return { s: gram(a, rank, d), chance };
    });
  };

/** Rows of a Hadamard matrix without replacement, columns with random signs; zeros up to a power of two. */
export function srht(d: number, rank: number): Atom[] {
  const filled = 2 ** Math.ceil(Math.log2(d));
  const bits = (x: number): number => [...x.toString(2)].filter((bit) => bit === '1').length;
  const rows = subsets(filled, rank);
  return [...powers(evenly([-1, 1]), d)].flatMap(({ x: signs, chance }) =>
    rows.map((chosen) => {
      const a = chosen.flatMap((i) => signs.map((sign, j) => ((-1) ** bits(i & j) * sign) / Math.sqrt(rank)));
      return { s: gram(a, rank, d), chance: chance / rows.length };
    }),
  );
}

/** A direction, uniform on the circle or the sphere: exact up to degree 9. */
function directions(d: number): Point<number[]>[] {
  const angles = Array.from({ length: 12 }, (_, i) => (2 * Math.PI * i) / 12);
  if (d === 2) return evenly(angles.map((t) => [Math.cos(t), Math.sin(t)]));
  const root70 = Math.sqrt(70);
  const heights: Point<number>[] = [
    { x: 0, chance: 128 / 450 },
    ...[-1, 1].flatMap((sign) => [
      { x: (sign / 3) * Math.sqrt(5 - 2 * Math.sqrt(10 / 7)), chance: (322 + 13 * root70) / 1800 },
      { x: (sign / 3) * Math.sqrt(5 + 2 * Math.sqrt(10 / 7)), chance: (322 - 13 * root70) / 1800 },
    ]),
  ];
  return heights.flatMap(({ x: z, chance }) =>
    angles.map((t) => {
      const flat = Math.sqrt(1 - z ** 2);
      return { x: [flat * Math.cos(t), flat * Math.sin(t), z], chance: chance / 12 };
    }),
  );
}

/** gain·(the projection on a line, or on what is orthogonal to one), in two or three dimensions. */
export const haar =
  (gain: (d: number, rank: number) => number) =>
  (d: number, rank: number): Atom[] => {
    if (d > 3 || (rank !== 1 && rank !== d - 1)) throw new Error(`no rule for rank ${rank} of ${d}`);
    return directions(d).map(({ x, chance }) => {
      const line = gram(x, 1, d);
      const s = rank === 1 ? line : line.map((value, at) => Number(at % (d + 1) === 0) - value);
      return { s: s.map((value) => gain(d, rank) * value), chance };
    });
  };

const diagonal = (values: readonly number[]): Float64Array =>
  Float64Array.from({ length: values.length ** 2 }, (_, at) =>
    at % (values.length + 1) === 0 ? (values[at / (values.length + 1)] as number) : 0,
  );

/** r of d, without replacement, scaled or as they are. */
export const coordinates = (d: number, rank: number): Atom[] => chosen(d, rank, d / rank);
export const selected = (d: number, rank: number): Atom[] => chosen(d, rank, 1);

function chosen(d: number, rank: number, gain: number): Atom[] {
  return evenly(subsets(d, rank)).map(({ x, chance }) => ({
    s: diagonal(Array.from({ length: d }, (_, j) => (x.includes(j) ? gain : 0))),
    chance,
  }));
}

/** r of d with replacement, with these chances. */
export const drawn =
  (chances: readonly number[]) =>
  (_: number, rank: number): Atom[] => {
    const total = chances.reduce((a, b) => a + b);
    const points = [...chances.keys()]
      .filter((j) => chances[j] !== 0)
      .map((j) => ({ x: j, chance: (chances[j] as number) / total }));
    return Array.from(powers(points, rank), ({ x, chance }) => ({
      s: diagonal(chances.map((q, j) => (q === 0 ? 0 : (x.filter((i) => i === j).length * total) / (rank * q)))),
      chance,
    }));
  };

/** Mean, variance and the variance of the squared deviation. */
export function momentsOf(values: readonly Point<number>[]): { mean: number; variance: number; spread: number } {
  const mean = values.reduce((sum, { x, chance }) => sum + chance * x, 0);
  const power = (k: number): number => values.reduce((sum, { x, chance }) => sum + chance * (x - mean) ** k, 0);
  const variance = power(2);
  return { mean, variance, spread: power(4) - variance ** 2 };
}
