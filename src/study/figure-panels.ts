import type { ReadCurves } from './figure';
import { linearAxis, logAxis, namedAxis, type ReadAxis } from './figure-axis';
import { heightsOf, placesOf } from './figure-data';
import { layersOf } from './figure-layers';
import { colours, low, shapes, tall, width } from './figure-look';

type Json = Readonly<Record<string, unknown>>;

/** One panel, or several of at most eight curves with axes that agree. */
export function panelsOf(read: ReadCurves): Json {
  const places = placesOf(read.curves);
  const named = places.some((x) => typeof x === 'string');
  const numbers = places.filter((x) => typeof x === 'number');
  const measured = placesOf(read.curves.map(({ label, points }) => ({ label, points })));
  const x = named ? namedAxis(places) : read.x.log ? logAxis(numbers, measured.map(Number)) : linearAxis(numbers);
  const ends = read.curves.flatMap(({ points }) => points.flatMap(({ low, high }) => [low, high]));
  const seen = ends.filter((end) => end !== undefined);
  const heights = heightsOf(read);
  // A bar that reaches down to 0 must not stretch a logarithmic axis: it is cut at the edge.
  const y = read.y.log ? logAxis([...heights, ...aboveHalf(seen, heights)]) : linearAxis([...heights, ...seen]);
  const groups = evenly(read.curves, colours.length);
  const height = groups.length === 1 ? tall : low;
  const panels = groups.map((curves) => panelOf({ ...read, curves }, { x, y, named, places: measured }, height));
  if (panels.length === 1) return panels[0] as Json;
  const apart = { color: 'independent', shape: 'independent' };
  return { vconcat: panels, spacing: 24, resolve: { scale: apart, legend: apart } };
}

function aboveHalf(ends: readonly number[], heights: readonly number[]): number[] {
  const least = Math.min(...heights.filter((height) => height > 0));
  return ends.filter((end) => end > least / 2);
}

/** Lists of at most `most`, as long as each other as can be. */
function evenly<T>(list: readonly T[], most: number): T[][] {
  const parts = Math.max(1, Math.ceil(list.length / most));
  const [size, longer] = [Math.floor(list.length / parts), list.length % parts];
  return Array.from({ length: parts }, (_, i) => {
    const start = i * size + Math.min(i, longer);
    return list.slice(start, start + size + (i < longer ? 1 : 0));
  });
}

/** Axes that all panels share. */
export interface PanelAxes {
  readonly x: ReadAxis;
  readonly y: ReadAxis;
  /** The horizontal axis has names, not numbers. */
  readonly named: boolean;
  /** Every place where something was measured. */
  readonly places: readonly (number | string)[];
}

/** One panel, with only its curves in its legend. */
function panelOf(read: ReadCurves, axes: PanelAxes, height: number): Json {
  const labels = read.curves.map(({ label }) => label);
  const scale = (range: readonly string[]): Json => ({ domain: labels, range: range.slice(0, labels.length) });
  const field = { field: 'curve', type: 'nominal' };
  const legend = { orient: 'bottom', title: null, columns: columnsOf(labels) };
  const keys = {
    colour: { ...field, scale: scale(colours), legend },
    symbol: { color: { ...field, scale: scale(colours), legend }, shape: { ...field, scale: scale(shapes), legend } },
  };
  return { width, height, layer: layersOf(read, axes, keys, height) };
}

/** The most columns of a legend that fit below the plot: a symbol and its label need some 36 pixels and 8.5 a letter. */
function columnsOf(labels: readonly string[]): number {
  const needed = (columns: number): number =>
    Array.from({ length: columns }, (_, i) =>
      labels.reduce((most, { length }, j) => (j % columns === i ? Math.max(most, 36 + 8.5 * length) : most), 0),
    ).reduce((sum, one) => sum + one, 0);
  let columns = Math.max(1, labels.length);
  while (columns > 1 && needed(columns) > width + 20) columns--;
  return columns;
}
