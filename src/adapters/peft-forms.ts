import type { PeftAdapter } from '../io/peft';
import type { Adapter } from '../nn/adapter';
import { reshape } from '../tensor/ops/movement/reshape';
import type { Params } from '../tensor/tensor';
import { DoraLinear } from './methods/dora-linear';
import { FlatLinear } from './methods/flat-linear';
import { GatedLora } from './methods/gated-lora';
import { LoraEmbedding } from './methods/lora-embedding';
import { LoraLinear } from './methods/lora-linear';
import { Vera } from './methods/vera';

/** An adapter as PEFT has it. */
export interface PeftForm {
  /** What PEFT calls a method. */
  readonly kind: NonNullable<PeftAdapter['kind']>;
  /** Its tensors, by the names that they have after '….lora.'. */
  readonly params: Params;
  /** r */
  readonly rank: number;
  /** s */
  readonly scale: number;
  readonly dropout: number;
  /** The pair that it shares with others. */
  readonly projections?: PeftAdapter['projections'];
}

/** How PEFT has an adapter; null for what it has no place for. What trained it, noise say, is no part of that. */
export function peftForm(adapter: Adapter): PeftForm | null {
  if (adapter instanceof DoraLinear) {
    const { A, B, magnitude, rank, scale, dropout } = adapter;
    return { kind: 'dora', params: { A, B, magnitude }, rank, scale, dropout };
  }
  if (adapter instanceof GatedLora) {
    const { A, B, gate, rank, scale, dropout } = adapter;
    return { kind: 'adalora', params: { A, B, E: reshape(gate, [rank, 1]) }, rank, scale, dropout };
  }
  if (adapter instanceof Vera) {
    const { b, d, dropout, pair } = adapter;
    return { kind: 'vera', params: { b, d }, rank: d.size, scale: 1, dropout, projections: pair };
  }
  if (adapter instanceof LoraLinear || adapter instanceof LoraEmbedding || adapter instanceof FlatLinear) {
    const { A, B, mask, rank, scale } = adapter;
    const dropout = 'dropout' in adapter ? adapter.dropout : 0;
    return mask === null ? { kind: 'lora', params: { A, B }, rank, scale, dropout } : null;
  }
  return null;
}
