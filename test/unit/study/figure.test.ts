import { compile, type TopLevelSpec } from 'vega-lite';
import { describe, expect, it } from 'vitest';
import { type Curve, type CurvesOptions, curvesFigure } from '../../../src/study';

const base = { name: 'a', title: 'b', caption: 'c.', x: { title: 'rank' }, y: { title: 'error', log: true } };
const points = (ys: readonly (number | null)[]) => ys.map((y, i) => ({ x: 4 ** (i + 1), y }));
const curves = (count: number): Curve[] =>
  Array.from({ length: count }, (_, i) => ({ label: `curve ${i}`, points: points([1 + i, 2 + i, 3 + i]) }));

interface Layer {
  readonly mark: { readonly type: string; readonly xOffset?: { readonly expr: string } };
  readonly encoding: Record<
    'x' | 'y' | 'color' | 'shape',
    { scale: { domain: string[]; range: string[] }; axis: Axis }
  >;
}
interface Axis {
  readonly values: number[];
  readonly labelExpr: string;
}

function panels(options: CurvesOptions): Layer[][] {
  const { spec } = curvesFigure(options);
  const list = (spec.vconcat ?? [spec]) as { layer: Layer[] }[];
  return list.map(({ layer }) => layer);
}

const pointsOf = (layers: readonly Layer[]): Layer => layers.find(({ mark }) => mark.type === 'point') as Layer;

/** What Vega-Lite says of a specification beside compiling it: what it would leave out or change. */
function complaints(options: CurvesOptions): string[] {
  const said: string[] = [];
  const note = (...words: unknown[]) => {
    said.push(words.join(' '));
    return logger;
  };
  const logger = { level: () => logger, error: note, warn: note, info: () => logger, debug: () => logger };
  const { spec } = curvesFigure(options);
  compile(JSON.parse(JSON.stringify(spec)) as TopLevelSpec, { logger });
  return said;
}

describe('curvesFigure', () => {
  const full = { label: 'full', points: [{ x: 1, y: 2, low: 0, high: 3 }], theory: points([3, 2, 1]) };
  const cases: Readonly<Record<string, CurvesOptions>> = {
    'one curve': { ...base, curves: curves(1) },
    'no curve': { ...base, curves: [] },
    'nothing measured': { ...base, curves: [{ label: 'a', points: points([null, null]) }] },
    'zero alone': { ...base, x: { title: 'x', log: true }, curves: [{ label: 'a', points: [{ x: 0, y: 0 }] }] },
    'bars, theory and levels': { ...base, curves: [full, ...curves(2)], levels: [{ label: 'l', y: 1 }] },
    'points on linear axes': { ...base, y: { title: 'y' }, look: 'points', curves: [full] },
    names: { ...base, curves: [{ label: 'a', points: [...points([1, 2]), { x: 'never', y: 0 }] }] },
    'nineteen curves': { ...base, curves: curves(19) },
  };
  it.each(Object.entries(cases))('makes what Vega-Lite takes without a warning: %s', (_, options) => {
    expect(complaints(options)).toEqual([]);
  });

  it('gives each curve of a panel a colour and a symbol of its own, and draws every curve once', () => {
    const all = panels({ ...base, curves: curves(19) }).map((layers) => pointsOf(layers).encoding);
    expect(all.map(({ color }) => color.scale.domain.length)).toEqual([7, 6, 6]);
    expect(all.flatMap(({ color }) => color.scale.domain)).toEqual(curves(19).map(({ label }) => label));
    for (const { color, shape } of all) {
      expect(shape.scale.domain).toEqual(color.scale.domain);
      for (const { range, domain } of [color.scale, shape.scale]) expect(new Set(range).size).toBe(domain.length);
    }
    const axes = all.map(({ x, y }) => JSON.stringify([x.scale, y.scale]));
    expect(new Set(axes).size).toBe(1);
  });

  it('has a place for 0 on a logarithmic axis, apart from every number, and says so', () => {
    const options = { ...base, curves: [{ label: 'a', points: points([0.5, 3, 0]) }] };
    const { y } = pointsOf(panels(options)[0] as Layer[]).encoding;
    const [zero, ...marks] = y.axis.values as [number, ...number[]];
    const [bottom, top] = y.scale.domain.map(Number) as [number, number];
    expect(bottom).toBeLessThan(zero);
    expect(zero).toBeLessThan(0.5);
    expect(top).toBeGreaterThan(3);
    expect(Math.min(...marks)).toBeGreaterThanOrEqual(0.5);
    expect(y.axis.labelExpr).toMatch(/\? '0' :/);
    expect(curvesFigure(options).caption).toMatch(/^c\. A logarithmic axis has no 0/);
    const without = { ...base, curves: [{ label: 'a', points: points([0.5, 3]) }] };
    expect(curvesFigure(without).caption).toBe('c.');
    const negative = { ...base, curves: [{ label: 'a', points: points([0.5, 3, -1]) }] };
    expect(pointsOf(panels(negative)[0] as Layer[]).encoding.y.axis.labelExpr).toMatch(/\? '≤ 0' :/);
  });

  it('names what has no value', () => {
    const caption = (list: Curve[]): string => curvesFigure({ ...base, curves: list }).caption;
    expect(caption([{ label: 'a', points: points([1, null, null]) }, ...curves(1)])).toBe(
      'c. Not drawn, for want of a value: a at 16, 64.',
    );
    const none = Array.from({ length: 8 }, (_, i) => ({ label: `n${i}`, points: points(new Array(8).fill(null)) }));
    expect(caption(none)).toMatch(/n0 at 4, 16, 64, 256, 1024, 4096 and 2 more; n1 .*; 2 more curves\.$/);
  });

  it('marks a logarithmic axis at its few places, or at few round numbers', () => {
    const ticks = (xs: readonly number[]): number[] =>
      pointsOf(
        panels({
          ...base,
          x: { title: 'x', log: true },
          curves: [{ label: 'a', points: xs.map((x) => ({ x, y: 1 })) }],
        })[0] as Layer[],
      ).encoding.x.axis.values;
    expect(ticks([4, 16, 64])).toEqual([4, 16, 64]);
    expect(ticks(Array.from({ length: 40 }, (_, i) => 30 + i))).toEqual([20, 50, 100]);
    expect(ticks(Array.from({ length: 100 }, (_, i) => 1 + i))).toEqual([1, 2, 5, 10, 20, 50, 100]);
    const wide = ticks(Array.from({ length: 40 }, (_, i) => 10 ** i));
    expect(wide.length).toBeLessThan(8);
    expect(wide[1]).toBe(1e6);
  });

  it('sets curves with the same few places apart by pixels, and leaves long lines where they are', () => {
    const offset = (list: readonly Curve[]): string =>
      pointsOf(panels({ ...base, curves: list })[0] as Layer[]).mark.xOffset?.expr ?? '';
    expect(offset(curves(1))).toBe('0');
    expect(offset(curves(3))).toMatch(
      /^[1-7](\.\d+)? \* \(indexof\(\["curve 0","curve 1","curve 2"\], datum\.curve\) - 1\)$/,
    );
    const long = curves(2).map(({ label }) => ({ label, points: Array.from({ length: 30 }, (_, x) => ({ x, y: 1 })) }));
    expect(offset(long)).toBe('0');
  });

  it('puts words after numbers on an axis of names', () => {
    const list = [{ label: 'a', points: [{ x: 'never', y: 1 }, ...points([1, 2, 3]).reverse()] }];
    expect(pointsOf(panels({ ...base, curves: list })[0] as Layer[]).encoding.x.scale.domain).toEqual([
      4,
      16,
      64,
      'never',
    ]);
  });

  it.each([
    ['a name that is no file name', { name: 'A b' }],
    ['two curves with one label', { curves: [...curves(1), ...curves(1)] }],
    ['a number that is none', { curves: [{ label: 'a', points: [{ x: 1, y: Number.NaN }] }] }],
    ['an end that is infinite', { curves: [{ label: 'a', points: [{ x: 1, y: 1, low: 0, high: Infinity }] }] }],
    ['a level without a place', { levels: [{ label: 'a' }] }],
  ])('refuses %s', (_, wrong) => {
    expect(() => curvesFigure({ ...base, curves: [], ...wrong } as CurvesOptions)).toThrow(
      /^\[options\/(type|choice)\]/,
    );
  });
});
