/** `batch`·`heads` independent attentions of `queries` over `keys`. */
export interface AttentionSpec {
  /** B; all leading axes together. */
  readonly batch: number;
  /** H */
  readonly heads: number;
  /** T */
  readonly queries: number;
  /** S */
  readonly keys: number;
  /** d, of queries and keys. */
  readonly width: number;
  /** e, of values. */
  readonly valueWidth: number;
  /**
   * Whether queries, keys and values lie side by side in one operand [B, T, 3, H, d] and results in [B, T, H, d]. If not,
   * H is 1 and they are operands [B, T, d], [B, S, d], [B, S, e] with results [B, T, e].
   */
  readonly packed: boolean;
  /** Factor of q·kᵀ. */
  readonly scale: number;
  /** Whether query t sees keys only up to S − T + t. */
  readonly causal: boolean;
}

/** @deprecated The name of `AttentionSpec` before it held `scale` and `causal`. */
export type AttentionShape = AttentionSpec;

/** Where the rows of one head are, in elements. */
export interface HeadLayout {
  /** Elements from one row to the next. */
  readonly row: number;
  /** The first row of a head. */
  start(batch: number, head: number): number;
}

/** The layouts of queries, keys, values and results; gradients have those of what they belong to. */
export function headLayouts(spec: AttentionSpec): { q: HeadLayout; k: HeadLayout; v: HeadLayout; out: HeadLayout } {
  const { heads, queries, keys, width, valueWidth, packed } = spec;
  if (!packed) {
    const dense = (rows: number, row: number): HeadLayout => ({ row, start: (batch) => batch * rows * row });
    return {
      q: dense(queries, width),
      k: dense(keys, width),
      v: dense(keys, valueWidth),
      out: dense(queries, valueWidth),
    };
  }
  const inside = (parts: number, part: number): HeadLayout => {
    const row = parts * heads * width;
    return { row, start: (batch, head) => batch * queries * row + (part * heads + head) * width };
  };
  return { q: inside(3, 0), k: inside(3, 1), v: inside(3, 2), out: inside(1, 0) };
}
