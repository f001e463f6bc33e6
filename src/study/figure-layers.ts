import type { ReadCurves } from './figure';
import type { ReadAxis } from './figure-axis';
import { levelLines, levelNames } from './figure-levels';
import { quiet, width, wrapped } from './figure-look';
import type { PanelAxes } from './figure-panels';

type Json = Readonly<Record<string, unknown>>;

/** How a curve is told from others: `colour` for lines, `symbol` with the legend. */
interface Keys {
  readonly colour: Json;
  readonly symbol: Json;
}

/** More places than these make a line whose points are not told apart one by one. */
const fewPlaces = 12;

/** What a panel is drawn of, from the back to the front. */
export function layersOf(read: ReadCurves, axes: PanelAxes, { colour, symbol }: Keys, height: number): Json[] {
  const { curves, levels, look } = read;
  const { x, y } = positions(read, axes, height);
  const dodge = { xOffset: { expr: offsetOf(read, axes) } };
  const many = axes.places.length > fewPlaces;
  const labels = curves.map(({ label }) => label);
  const from = (name: string): Json => ({
    data: { name },
    transform: [{ filter: { field: 'curve', oneOf: labels } }, { filter: 'isValid(datum.y)' }, ...moved(axes)],
  });
  const line = (name: string, mark: Json): Json => ({
    ...from(name),
    mark: { type: 'line', ...mark, ...dodge },
    encoding: { x, y, color: colour },
  });
  const ranges = curves.some(({ points }) => points.some(({ low, high }) => low !== undefined && high !== undefined));
  const band = many && look === 'lines' ? { type: 'area', opacity: 0.2 } : { type: 'rule', strokeWidth: 1.5, ...dodge };
  return [
    ...edges(axes, { x, y }),
    ...(levels.length > 0 ? [levelLines(y)] : []),
    ...(ranges ? [rangeLayer(from('measured'), band, { x, y, color: colour }, axes.y)] : []),
    ...(curves.some(({ theory }) => theory) ? [line('theory', { strokeDash: [6, 4], strokeWidth: 1.5 })] : []),
    ...(look === 'lines' ? [line('measured', { strokeWidth: 2 })] : []),
    {
      ...from('measured'),
      mark: { type: 'point', size: many ? 20 : 70, filled: true, opacity: 1, ...dodge },
      encoding: { x, y, ...symbol },
    },
    ...(levels.length > 0 ? levelNames(read, y, axes) : []),
  ];
}

/** Where a point is. The names of the axes are in every layer, since Vega-Lite would join those that differ. */
function positions(read: ReadCurves, axes: PanelAxes, height: number): { x: Json; y: Json } {
  const place = (axis: ReadAxis, field: string, title: string[], type: string, more: Json): Json => ({
    field: axis.gutter ? `${field}Drawn` : field,
    type,
    scale: axis.scale,
    axis: { title, ...axis.ticks, ...more },
  });
  const [across, up] = [read.x.title, read.y.title];
  return {
    x: place(axes.x, 'x', wrapped(across, 50), axes.named ? 'ordinal' : 'quantitative', {
      grid: false,
      labelOverlap: 'greedy',
      labelSeparation: 6,
      ...(axes.named ? { labelAngle: 0 } : {}),
    }),
    y: place(axes.y, 'y', wrapped(up, Math.floor(height / 7.5)), 'quantitative', {
      grid: true,
      labelOverlap: 'greedy',
    }),
  };
}

/** 0 and less are moved to their own line. */
function moved({ x, y }: PanelAxes): Json[] {
  const move = (axis: ReadAxis, field: string): Json[] =>
    axis.gutter ? [{ calculate: `max(datum.${field}, ${axis.gutter.at})`, as: `${field}Drawn` }] : [];
  return [...move(x, 'x'), ...move(y, 'y')];
}

/** The lines between a logarithmic axis and what is 0. */
function edges(axes: PanelAxes, channels: { x: Json; y: Json }): Json[] {
  const edge = (channel: 'x' | 'y'): Json[] => {
    const { gutter } = axes[channel];
    const { field: _, ...place } = channels[channel];
    return gutter
      ? [
          {
            data: { values: [{}] },
            mark: { type: 'rule', color: quiet, strokeDash: [1, 3] },
            encoding: { [channel]: { ...place, datum: gutter.edge } },
          },
        ]
      : [];
  };
  return [...edge('x'), ...edge('y')];
}

/** Ends of bars and bands; on a logarithmic axis one below it is cut at its edge. */
function rangeLayer(from: Json, mark: Json, encoding: Json, axis: ReadAxis): Json {
  const y = encoding.y as Json;
  const low = axis.bottom === undefined ? 'datum.low' : `max(datum.low, ${axis.bottom})`;
  const high = axis.bottom === undefined ? 'datum.high' : `max(datum.high, ${axis.bottom})`;
  const drawn = [
    { filter: 'isValid(datum.low) && isValid(datum.high)' },
    { calculate: low, as: 'lowDrawn' },
    { calculate: high, as: 'highDrawn' },
  ];
  return {
    ...from,
    transform: [...(from.transform as Json[]), ...drawn],
    mark,
    encoding: { ...encoding, y: { ...y, field: 'lowDrawn' }, y2: { field: 'highDrawn' } },
  };
}

/** The most pixels between two curves at one place. */
const farthest = 7;

/** Pixels that a curve stands aside, so that symbols at the same few places are all seen. */
function offsetOf({ curves }: ReadCurves, { x, places }: PanelAxes): string {
  if (curves.length < 2 || places.length > fewPlaces) return '0';
  const along = places.map((place) => width * x.along(place)).sort((a, b) => a - b);
  const gaps = along.slice(1).map((at, i) => at - (along[i] as number));
  const room = Math.min(farthest * curves.length, ...gaps.map((gap) => 0.6 * gap));
  const step = Number((room / curves.length).toFixed(2));
  const labels = JSON.stringify(curves.map(({ label }) => label));
  return `${step} * (indexof(${labels}, datum.curve) - ${(curves.length - 1) / 2})`;
}
