import type { Paired } from '../../src/cli/train/paired';
import type { Finding } from './claim';
import { fixed, interval, lossTable } from './format';
import type { Tuned } from './tuned';
import { above, type BySeed, behindGate, difference } from './verdict';

/** How much of the gain over none must be kept to be called as good as dense. */
const share = 0.9;

/**
 * The sentences that hold or fail of everything that compresses, behind the gate that dense beats none. Losses are lower
 * where better; the first row is none, the second dense.
 */
export function againstDense(
  rows: readonly Tuned[],
  seeds: readonly number[],
  what: string,
): Pick<Finding, 'parts' | 'table'> & { readonly gate: Paired | null } {
  const [none, dense, ...compressed] = rows as [Tuned, Tuned, ...Tuned[]];
  const gate = difference(none.losses, dense.losses);
  return {
    gate,
    parts: compressed.flatMap(({ name, losses }) => {
      const gain = difference(none.losses, losses);
      const beyond = difference(aim(none.losses, dense.losses), losses);
      return [
        {
          statement: `${name}: ${what} is worth keeping, it beats none.`,
          verdict: behindGate(gate, above(gain)),
          because: `By ${interval(gain, fixed(4))}.`,
        },
        {
          statement: `${name}: it is as good as dense, with at least ${100 * share} % of the gain.`,
          verdict: behindGate(gate, above(beyond)),
          because: `${keeps(gain, gate)}Beyond ${100 * share} % it is by ${interval(beyond, fixed(4))}.`,
        },
      ];
    }),
    table: lossTable(rows, seeds, fixed(3)),
  };
}

/** The loss that keeps the share of what dense gains over none, seed by seed. */
function aim(none: BySeed, dense: BySeed): BySeed {
  return none.map((loss, i) => {
    const best = dense[i];
    return typeof loss === 'number' && typeof best === 'number' ? loss - share * (loss - best) : null;
  });
}

/** Where the gate is closed there is no gain to keep a share of. */
function keeps(gain: Paired | null, gate: Paired | null): string {
  if (gain === null || gate === null || above(gate) !== 'holds') return '';
  return `It keeps ${((100 * gain.mean) / gate.mean).toFixed(0)} %. `;
}
