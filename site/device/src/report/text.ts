import type { About, Outcome } from '../measure/outcome';
import { type DeviceName, deviceTitles, fullTitleOf, type Row, rows, titleOf, unitOf } from '../measure/rows';

/** All that a run found, and what of it is still missing. */
export interface Findings {
  readonly about: About | null;
  /** What devices say of themselves. */
  readonly devices: Readonly<Partial<Record<DeviceName, string>>>;
  /** By the id of a row. */
  readonly outcomes: Readonly<Record<string, Outcome>>;
}

/** A number in three digits, as tables have it: 42.3, 0.0713, 5,440. */
export function significant(x: number): string {
  const digits = x === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(x))));
  return x.toLocaleString('en', {
    minimumFractionDigits: Math.min(digits, 4),
    maximumFractionDigits: Math.min(digits, 4),
  });
}

/** 42.3 GFLOP/s (40.1–43.0) */
export function wordsOf(row: Row, outcome: Outcome): string {
  if (outcome.kind === 'absent') return `not measured: ${outcome.reason}`;
  if (outcome.kind === 'wrong') return `wrong result, so it was not timed: ${outcome.reason}`;
  const spread = outcome.samples > 1 ? ` (${significant(outcome.least)}–${significant(outcome.largest)})` : '';
  return `${significant(outcome.median)} ${unitOf(row)}${spread}`;
}

/** Lines for people. */
export function asText({ about, devices, outcomes }: Findings): string {
  const head = about
    ? [
        `floragrad on this device, ${about.build}, ${about.cores} cores reported, ${about.isolated ? 'isolated' : 'not isolated'}`,
        about.browser,
      ]
    : [];
  const says = Object.entries(devices).map(([device, words]) => `${deviceTitles[device as DeviceName]}: ${words}`);
  const lines = rows.flatMap((row) => {
    const outcome = outcomes[row.id];
    return outcome ? [`${fullTitleOf(row)}: ${wordsOf(row, outcome)}`] : [];
  });
  return [...head, ...says, 'median of samples (least–largest)', ...lines].join('\n');
}

/** The same for programs. */
export function asJson({ about, devices, outcomes }: Findings): string {
  const numbers = rows.flatMap((row) => {
    const outcome = outcomes[row.id];
    const device = row.kind === 'memory' ? null : row.device;
    return outcome ? [{ id: row.id, what: `${row.kind} ${titleOf(row)}`, device, unit: unitOf(row), ...outcome }] : [];
  });
  return JSON.stringify({ about, devices, numbers }, null, 2);
}
