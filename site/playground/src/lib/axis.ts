import { count, number, raised } from './words';

/**
 * Which ticks of a logarithmic axis get a line and a label: powers of ten, at most seven, and where there are fewer than three
 * also twice and five times them. null: not this one.
 */
export function logTicks(ticks: readonly number[]): (number | null)[] {
  const powers = ticks.filter((tick) => digitOf(tick) === 1);
  const every = Math.ceil(powers.length / 7);
  const digits = powers.length < 3 ? [1, 2, 5] : [1];
  return ticks.map((tick) => (digits.includes(digitOf(tick)) && powers.indexOf(tick) % every <= 0 ? tick : null));
}

/** What stands at the ticks that were kept; powers where most of them are far from 1. */
export function logLabels(ticks: readonly (number | null)[]): string[] {
  const short = ticks.every((tick) => tick === null || (tick > 0.0009 && tick < 11_000));
  return ticks.map((tick) => {
    if (tick === null) return '';
    if (!short) return digitOf(tick) === 1 ? `10${raised(exponentOf(tick))}` : number(tick);
    return tick >= 1 ? count(tick) : String(Number(tick.toPrecision(1)));
  });
}

export function linearLabels(ticks: readonly number[]): string[] {
  return ticks.map((tick) => (Number.isInteger(tick) ? count(tick) : number(tick)));
}

function exponentOf(value: number): number {
  return Math.floor(Math.log10(value) + 1e-9);
}

/** The first digit: 2 of 0.002. */
function digitOf(value: number): number {
  return Math.round(value / 10 ** exponentOf(value));
}
