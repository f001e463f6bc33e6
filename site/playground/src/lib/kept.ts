import type { Look } from '../training/contract';

/** What a method lets through of a gradient. */
export interface Kept {
  /** How many singular values are left, above what rounding makes of zero beside the gradient's largest. */
  readonly rank: number;
  /** ‖up(down(G))‖²/‖G‖²: above 1 where an unbiased method makes what it keeps longer. */
  readonly energy: number;
}

/** null: all of it. */
export function keptOf({ gradient, survived }: Pick<Look, 'gradient' | 'survived'>): Kept | null {
  if (survived.length === 0) return null;
  const rounding = Math.max(...gradient) * 1e-6;
  return {
    rank: survived.filter((value) => value > rounding).length,
    energy: squares(survived) / squares(gradient),
  };
}

function squares(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value ** 2, 0);
}

/** Bars of `values` as the path of an SVG `width` × `height`, each of them `part` of its place wide. */
export function bars(
  values: readonly number[],
  scale: (value: number) => number,
  places: number,
  part: number,
  { width, height }: { width: number; height: number },
): string {
  const place = width / places;
  return values
    .map((value, i) => {
      const tall = Math.max(0, Math.min(1, scale(value))) * height;
      const left = (i + (1 - part) / 2) * place;
      return tall > 0 ? `M${round(left)} ${height}v${round(-tall)}h${round(part * place)}v${round(tall)}z` : '';
    })
    .join('');
}

function round(value: number): string {
  return value.toFixed(2);
}
