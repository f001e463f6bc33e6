import type { Paired } from '../../src/cli/train/paired';
import type { Column } from '../../src/study/table';
import { markdownTable } from '../harness/markdown';
import type { Tuned } from './tuned';
import { difference } from './verdict';

/** A number in a table. */
export type Show = (x: number) => string;

export const fixed =
  (digits: number): Show =>
  (x) =>
    x.toFixed(digits);

/** Three digits, with an exponent where zeros would hide them: 0.0123, 1.2e-7. */
export const significant: Show = (x) =>
  x === 0 || (Math.abs(x) >= 1e-3 && Math.abs(x) < 1e5) ? String(Number(x.toPrecision(3))) : x.toExponential(1);

/** 0.0290 [0.0087, 0.0493] */
export function interval(measured: Paired | null, show: Show): string {
  if (measured === null) return 'diverged';
  const { mean, interval } = measured;
  return interval ? `${show(mean)} [${interval.map(show).join(', ')}]` : show(mean);
}

/** Losses by seed, and the gain over the first method. Lower is better. */
export function lossTable(
  methods: readonly Tuned[],
  seeds: readonly number[],
  show: Show,
  extra: readonly Column<Tuned>[] = [],
): string[] {
  const control = methods[0] as Tuned;
  return markdownTable<Tuned>(
    [
      { heading: 'method', cell: ({ name }) => name },
      { heading: 'rate', cell: ({ rate, edge }) => (rate === null ? '–' : `${rate}${edge ? ' (edge)' : ''}`) },
      ...seeds.map((seed, i) => ({
        heading: `seed ${seed}`,
        align: 'right' as const,
        cell: ({ losses }: Tuned) => shown(losses[i], show),
      })),
      {
        heading: `gain over ${control.name}`,
        cell: (row) => (row === control ? '–' : interval(difference(control.losses, row.losses), show)),
      },
      ...extra,
    ],
    methods,
  );
}

function shown(x: number | null | undefined, show: Show): string {
  return typeof x === 'number' ? show(x) : 'diverged';
}
