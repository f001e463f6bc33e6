import { count, number, raised } from './words';

/** What stands at the ticks of an axis; null: nothing does. On a logarithmic one that is at powers of ten, seven at most. */
export function axisLabels(ticks: readonly (number | null)[], log: boolean): string[] {
  if (!log) return ticks.map((tick) => (tick === null ? '' : Number.isInteger(tick) ? count(tick) : number(tick)));
  const powers = ticks.filter((tick) => tick !== null).filter(isPower);
  const every = Math.ceil(powers.length / 7);
  const kept = new Set(powers.filter((_, i) => i % every === 0));
  const short = powers.every((tick) => tick >= 1e-3 && tick <= 1e4);
  return ticks.map((tick) => (tick !== null && kept.has(tick) ? power(tick, short) : ''));
}

/** Of ten. */
export function isPower(value: number): boolean {
  return Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;
}

function power(value: number, short: boolean): string {
  const exponent = Math.round(Math.log10(value));
  return short ? (exponent < 0 ? String(10 ** exponent) : count(10 ** exponent)) : `10${raised(exponent)}`;
}
