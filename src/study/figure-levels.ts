import type { ReadCurves } from './figure';
import { ground, labelSize, quiet, width } from './figure-look';
import type { PanelAxes } from './figure-panels';

type Json = Readonly<Record<string, unknown>>;

/** Dashed lines across the panel. */
export const levelLines = (y: Json): Json => ({
  data: { name: 'levels' },
  mark: { type: 'rule', color: quiet, strokeDash: [3, 3] },
  encoding: { y: { ...y, field: 'y' } },
});

/** Names of levels closer than this part of the axis would touch. */
const closest = 0.08;

/**
 * The names of levels above their lines, or below where another is close above, at the end with fewer points around; an
 * edge in the colour of the ground keeps them legible on curves.
 */
export function levelNames(read: ReadCurves, y: Json, axes: PanelAxes): Json[] {
  return read.levels.flatMap((level) => {
    const height = axes.y.along(level.y);
    const above = read.levels.map((other) => axes.y.along(other.y) - height);
    const under = above.some((distance) => distance > 0 && distance < closest);
    const left = isFreeAtLeft(read, axes, height);
    const place = {
      data: { name: 'levels' },
      transform: [{ filter: { field: 'label', equal: level.label } }],
      encoding: { x: { value: left ? 4 : width }, y: { ...y, field: 'y' }, text: { field: 'label' } },
    };
    const mark = { type: 'text', align: left ? 'left' : 'right', fontSize: labelSize, dy: under ? 11 : -9 };
    return [
      { ...place, mark: { ...mark, color: ground, stroke: ground, strokeWidth: 3, strokeJoin: 'round' } },
      { ...place, mark: { ...mark, color: quiet } },
    ];
  });
}

function isFreeAtLeft({ curves }: ReadCurves, { x, y }: PanelAxes, height: number): boolean {
  const near = curves
    .flatMap(({ points }) => points)
    .filter((point) => point.y !== null && Math.abs(y.along(point.y) - height) < 2 * closest);
  const left = near.filter((point) => x.along(point.x) < 0.5).length;
  return left < near.length - left;
}
