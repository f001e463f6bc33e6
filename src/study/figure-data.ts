import type { Curve, ReadCurves } from './figure';

type Place = number | string;

/** Every place of the horizontal axis once: numbers in their order, then words as they come. */
export function placesOf(curves: readonly Curve[]): Place[] {
  const all = curves.flatMap(({ points, theory = [] }) => [...points, ...theory].map(({ x }) => x));
  const numbers = all.filter((x) => typeof x === 'number');
  const words = all.filter((x) => typeof x === 'string');
  return [...new Set([...numbers.sort((a, b) => a - b), ...words])];
}

/** All heights of the vertical axis but the ends of bars. */
export function heightsOf({ curves, levels }: ReadCurves): number[] {
  const drawn = curves.flatMap(({ points, theory = [] }) => [...points, ...theory].map(({ y }) => y));
  return [...drawn.filter((y) => y !== null), ...levels.map(({ y }) => y)];
}

/** The rows that a specification carries, by the name of their table. */
export function datasetsOf({ curves, levels }: ReadCurves): Readonly<Record<string, readonly object[]>> {
  return {
    measured: curves.flatMap(({ label, points }) => points.map((point) => ({ curve: label, ...point }))),
    ...(curves.some(({ theory }) => theory) && {
      theory: curves.flatMap(({ label, theory = [] }) => theory.map((point) => ({ curve: label, ...point }))),
    }),
    ...(levels.length > 0 && { levels }),
  };
}

/** The caption, with what the drawing itself asks for: what is dashed, where 0 is, and what has no value. */
export function curvesCaption(read: ReadCurves): string {
  const { caption, curves, x, y } = read;
  const zero = (y.log && heightsOf(read).some((value) => value <= 0)) || (x.log && placesOf(curves).some(isZero));
  return [
    caption,
    ...(curves.some(({ theory }) => theory) ? ['Dashed in the colour of a curve: theory.'] : []),
    ...(zero ? ['A logarithmic axis has no 0: what is 0 stands apart, on a line of its own.'] : []),
    ...missing(curves),
  ].join(' ');
}

const isZero = (x: Place): boolean => typeof x === 'number' && x <= 0;

/** Names are given while they can be read at a glance; the numbers are in the data. */
const mostNamed = 6;

function missing(curves: readonly Curve[]): string[] {
  const gaps = curves
    .map(({ label, points }) => ({ label, at: points.filter(({ y }) => y === null).map(({ x }) => x) }))
    .filter(({ at }) => at.length > 0);
  if (gaps.length === 0) return [];
  const named = gaps.slice(0, mostNamed).map(({ label, at }) => {
    const more = at.length > mostNamed ? ` and ${at.length - mostNamed} more` : '';
    return `${label} at ${at.slice(0, mostNamed).join(', ')}${more}`;
  });
  const rest = gaps.length > mostNamed ? `; ${gaps.length - mostNamed} more curves` : '';
  return [`Not drawn, for want of a value: ${named.join('; ')}${rest}.`];
}
