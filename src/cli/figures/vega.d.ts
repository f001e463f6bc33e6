import 'vega';

/** Exported by Vega and left out of its types: how it measures text. */
declare module 'vega' {
  export const textMetrics: { width(item: { readonly fontSize?: number }, text: unknown): number };
}
