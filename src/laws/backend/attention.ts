import fc from 'fast-check';
import type { AttentionSpec } from '../../backend/attention-spec';
import type { Operand } from '../../backend/contract';
import { numbers, seeds } from '../arbitraries';
import { type Law, law, randomLaw } from '../law';
import type { Trial } from './trial';

const scale = 0.4;
const extent = fc.constantFrom(1, 2, 3, 5, 8, 33);

/** Attention over operands of their own and packed side by side, with its gradients. */
export function attentionLaws(trial: Trial): Law[] {
  const sizes = fc.tuple(fc.nat(2), extent, fc.nat(3), extent, extent);
  return [
    randomLaw(
      'attention: of q, k and v',
      fc.tuple(sizes, fc.boolean(), seeds),
      ([[batch, t, more, d, e], causal, seed]) =>
        holds(
          trial,
          { batch, heads: 1, queries: t, keys: t + more, width: d, valueWidth: e, packed: false, scale, causal },
          seed,
        ),
    ),
    randomLaw('attention: packed', fc.tuple(sizes, fc.boolean(), seeds), ([[batch, t, more, d], causal, seed]) =>
      holds(
        trial,
        { batch, heads: 1 + more, queries: t, keys: t, width: d, valueWidth: d, packed: true, scale, causal },
        seed,
      ),
    ),
    law('attention: over several blocks of queries', () =>
      holds(
        trial,
        { batch: 1, heads: 2, queries: 150, keys: 150, width: 12, valueWidth: 12, packed: true, scale, causal: true },
        1,
      ),
    ),
  ];
}

function holds({ agreeWith }: Trial, spec: AttentionSpec, seed: number): Promise<void> {
  const { batch, heads, queries: t, keys: s, width: d, valueWidth: e, packed } = spec;
  const inputs = packed
    ? [[batch, t, 3, heads, d]]
    : [
        [batch, t, d],
        [batch, s, d],
        [batch, s, e],
      ];
  return agreeWith(
    ['attention', 'attentionGrad'],
    (backend, put) => {
      const draw = (i: number, of: number[]): Operand =>
        put(
          numbers(
            seed + i,
            of.reduce((x, y) => x * y, 1),
          ),
          of,
        );
      const [q, k, v] = packed
        ? Array<Operand>(3).fill(draw(0, inputs[0] as number[]))
        : inputs.map((of, i) => draw(i, of));
      const three = [q, k, v] as [Operand, Operand, Operand];
      const rows = [batch, t, heads * e];
      const [out, normalizers] = backend.attention(three, spec);
      const result: Operand = { storage: out, shape: rows, dtype: 'float32' };
      const logs: Operand = { storage: normalizers, shape: [batch, heads, t], dtype: 'float32' };
      return [out, normalizers, ...backend.attentionGrad(draw(7, rows), three, result, logs, spec)];
    },
    4 * (s + d + e),
  );
}
