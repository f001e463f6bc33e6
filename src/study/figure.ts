import {
  boolean,
  choice,
  finite,
  isPlainObject,
  type Kind,
  kindOf,
  listOf,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  required,
  string,
} from '../base/options';
import { curvesCaption, datasetsOf } from './figure-data';
import { figureLook, wrapped } from './figure-look';
import { panelsOf } from './figure-panels';

/** A specification that Vega-Lite reads (https://vega.github.io/vega-lite): plain JSON, its data inside. */
export interface VegaLiteSpec {
  /** The address of its schema, which says the version of Vega-Lite. */
  readonly $schema: string;
  /** Everything else that Vega-Lite knows. */
  readonly [field: string]: unknown;
}

/** A figure: a Vega-Lite specification with its data inside, which an editor of such specifications opens as it is. */
export interface Figure {
  /** File name without a suffix: lower case, digits and dashes. */
  readonly name: string;
  /** What is seen, in one line. */
  readonly title: string;
  /** How to read it, in sentences. */
  readonly caption: string;
  /** The drawing. */
  readonly spec: VegaLiteSpec;
}

/** A point of a curve. */
export interface CurvePoint {
  /** Where it is. A word, such as `'never'`, makes the axis one of names, numbers first. */
  readonly x: number | string;
  /** What was measured; null for nothing, which the caption names. */
  readonly y: number | null;
  /** The lower end of its bar or band, in the unit of y. */
  readonly low?: number | undefined;
  /** The upper end of its bar or band, in the unit of y. */
  readonly high?: number | undefined;
}

/** One curve; it has a colour and a symbol of its own. */
export interface Curve {
  /** Its name in the legend, which no other curve of the figure has. */
  readonly label: string;
  /** What was measured. */
  readonly points: readonly CurvePoint[];
  /** What theory says: dashed, in the same colour. */
  readonly theory?: readonly Omit<CurvePoint, 'low' | 'high'>[] | undefined;
}

/** An axis. */
export interface FigureAxis {
  /** What is along it, with its unit. */
  readonly title: string;
  /** Logarithmic (default false). */
  readonly log?: boolean | undefined;
}

/** A horizontal line to compare with. */
export interface FigureLevel {
  /** What it is, written beside it. */
  readonly label: string;
  /** Where it is. */
  readonly y: number;
}

const isAxis = (value: unknown): boolean =>
  isPlainObject(value) && string.fits(value.title) && (value.log === undefined || boolean.fits(value.log));
const axis: Kind<FigureAxis> = kindOf('an object { title, log }', isAxis);

const isPlace = (x: unknown): boolean => typeof x === 'string' || finite.fits(x);
const isEnd = (y: unknown): boolean => y === undefined || finite.fits(y);
const isPoint = (value: unknown): boolean =>
  isPlainObject(value) &&
  isPlace(value.x) &&
  (value.y === null || finite.fits(value.y)) &&
  isEnd(value.low) &&
  isEnd(value.high);
const point = kindOf('a point', isPoint);
const isCurve = (value: unknown): boolean =>
  isPlainObject(value) &&
  string.fits(value.label) &&
  listOf(point).fits(value.points) &&
  (value.theory === undefined || listOf(point).fits(value.theory));
const areCurves = (value: unknown): boolean =>
  listOf(kindOf('a curve', isCurve)).fits(value) &&
  new Set((value as readonly Curve[]).map(({ label }) => label)).size === (value as readonly Curve[]).length;
const isLevel = (value: unknown): boolean => isPlainObject(value) && string.fits(value.label) && finite.fits(value.y);

const curvesOptions = {
  /** File name without a suffix: lower case, digits and dashes. */
  name: required(
    kindOf<string>(
      'a file name of lower case, digits and dashes',
      (value) => typeof value === 'string' && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(value),
    ),
  ),
  /** What is seen, in one line. */
  title: required(string),
  /** How to read it, in sentences; what must be known of the drawing itself is added. */
  caption: required(string),
  /** The horizontal axis. */
  x: required(axis),
  /** The vertical axis. */
  y: required(axis),
  /** The curves. More than eight are drawn in several panels, one below the other, on the same axes. */
  curves: required(
    kindOf<readonly Curve[]>(
      'curves { label, points, theory } with a label each, of points { x, y, low, high } that are finite, or null as y',
      areCurves,
    ),
  ),
  /** Horizontal lines to compare with, dashed and grey. */
  levels: optional(listOf(kindOf<FigureLevel>('a level { label, y }', isLevel)), []),
  /** Whether points are joined by lines (default `'lines'`). */
  look: optional(choice('lines', 'points'), 'lines'),
};

/** What is drawn, and how it is said. */
export interface CurvesOptions extends OptionsOf<typeof curvesOptions> {}

/** What the panels are made of: every option has its value. */
export type ReadCurves = ReturnType<typeof readOptions<typeof curvesOptions>>;

/**
 * Curves with symbols, bars or bands, theory and levels, as a Vega-Lite specification. A value that a logarithmic axis
 * does not have, 0 or less, is drawn on a line of its own at the edge; where there is no value the caption says so.
 * Curves with points at the same few places stand a few pixels apart, so that none hides another.
 * @throws OptionError `options/…`
 * @example
 * const points = [4, 16, 64].map((rank) => ({ x: rank, y: 513 / rank }));
 * const figure = curvesFigure({
 *   name: 'error',
 *   title: 'Error by rank',
 *   caption: 'Mean squared error of one projection.',
 *   x: { title: 'rank', log: true },
 *   y: { title: 'relative squared error', log: true },
 *   curves: [{ label: 'gaussian', points }],
 * });
 * console.log(figure.spec.$schema); // prints https://vega.github.io/schema/vega-lite/v6.json
 */
export function curvesFigure(options: CurvesOptions): Figure {
  if (arguments.length > 1) refuseExtra('curvesFigure', arguments, 1);
  const read = readOptions('curvesFigure', curvesOptions, options);
  const { name, title } = read;
  return {
    name,
    title,
    caption: curvesCaption(read),
    spec: {
      $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
      title: { text: wrapped(title, 44) },
      ...figureLook,
      datasets: datasetsOf(read),
      ...panelsOf(read),
    },
  };
}
