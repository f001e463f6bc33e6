/** A figure: a Vega-Lite specification with its data inside, which an editor of such specifications opens as it is. */
export interface Figure {
  /** The name of its file, without a suffix: lower case, digits and dashes. */
  readonly name: string;
  readonly title: string;
  /** What is to be seen, and how to read it. */
  readonly caption: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** One curve, or cloud of points. */
export interface Curve {
  readonly label: string;
  /** Measured, with the ends of an interval where there is one; y is null where there is nothing to show. */
  readonly points: readonly {
    readonly x: number | string;
    readonly y: number | null;
    readonly low?: number;
    readonly high?: number;
  }[];
  /** What theory says: dashed, in the same colour. */
  readonly theory?: readonly { readonly x: number | string; readonly y: number }[];
}

/** What a figure of curves is made of. */
export interface CurvesOptions extends Omit<Figure, 'spec'> {
  readonly x: { readonly title: string; readonly log?: boolean };
  readonly y: { readonly title: string; readonly log?: boolean };
  readonly curves: readonly Curve[];
  /** Horizontal lines to compare with. */
  readonly levels?: readonly { readonly label: string; readonly y: number }[];
  /** How points are shown (default joined by lines). */
  readonly look?: 'lines' | 'points';
}

export function curvesFigure({ name, title, caption, x, y, curves, levels = [] }: CurvesOptions): Figure {
  return { name, title, caption, spec: { x, y, curves, levels } };
}

/** The name of a file: `gaussian 64x128` → `gaussian-64x128`. */
export const fileName = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
