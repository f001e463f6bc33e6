import type { Phase, Profile, ProfileRow } from '../../index';
import { percent } from '../../study/numbers';
import type { Column } from '../../study/table';
import { bytes, count } from './format';
import { textTable } from './table';

/** What `train --profile` saw of one run: sums over some of its steps, the first few left out. */
export interface RunProfile extends Profile {
  readonly steps: number;
}

/** Several profiles as one, the slowest rows first. */
export function sumProfiles(profiles: readonly Profile[]): RunProfile {
  const sums = new Map<string, ProfileRow>();
  for (const row of profiles.flatMap(({ rows }) => rows)) {
    const name = `${row.phase} ${row.op}`;
    const known = sums.get(name) ?? { ...row, calls: 0, seconds: 0, bytes: 0 };
    const { calls, seconds, bytes } = known;
    sums.set(name, {
      ...known,
      calls: calls + row.calls,
      seconds: seconds + row.seconds,
      bytes: bytes + row.bytes,
    });
  }
  return {
    steps: profiles.length,
    seconds: profiles.reduce((sum, { seconds }) => sum + seconds, 0),
    rows: [...sums.values()].sort((a, b) => b.seconds - a.seconds),
  };
}

const shown = 14;

/** The rows that take most of the time, the others as one, and the share of each phase. */
export function profileLines({ steps, seconds, rows }: RunProfile): { table: string[]; phases: string } {
  const rest = rows.slice(shown);
  const others = { phase: '', op: `${rest.length} others`, ...totals(rest) };
  const columns: Column<Omit<ProfileRow, 'phase'> & { phase: string }>[] = [
    { heading: 'op', cell: ({ op }) => op ?? 'between ops' },
    { heading: 'phase', cell: ({ phase }) => phase },
    { heading: 'ms', align: 'right', cell: (row) => ((1000 * row.seconds) / steps).toFixed(2) },
    { heading: 'share', align: 'right', cell: (row) => percent(row.seconds / seconds) },
    { heading: 'calls', align: 'right', cell: (row) => count(row.calls / steps) },
    { heading: 'memory', align: 'right', cell: (row) => bytes(Math.round(row.bytes / steps)) },
  ];
  const share = (name: Phase): string =>
    `${name} ${percent(totals(rows.filter(({ phase }) => phase === name)).seconds / seconds)}`;
  return {
    table: textTable(columns, [...rows.slice(0, shown), ...(rest.length > 0 ? [others] : [])]),
    phases: `${((1000 * seconds) / steps).toFixed(1)} ms a step: ${(['forward', 'backward', 'optimizer'] as const).map(share).join(', ')}`,
  };
}

function totals(rows: readonly ProfileRow[]): Pick<ProfileRow, 'calls' | 'seconds' | 'bytes'> {
  const sum = (field: 'calls' | 'seconds' | 'bytes'): number => rows.reduce((total, row) => total + row[field], 0);
  return { calls: sum('calls'), seconds: sum('seconds'), bytes: sum('bytes') };
}
