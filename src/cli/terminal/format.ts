/** Numbers as people read them. */

export const count = (n: number): string => Math.round(n).toLocaleString('en-US');

/** Nats per token: three decimals, what seeds leave certain at best. */
export const nats = (x: number): string => x.toFixed(3);

/** Binary units: 1 KiB is 1024 bytes. */
export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${unit === 0 ? n : n.toFixed(n < 10 ? 2 : 1)} ${units[unit]}`;
}

export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Mean, and the standard deviation over seeds where there are several. */
export function meanOf(values: readonly number[]): { mean: number; deviation: number | null } {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  if (values.length < 2) return { mean, deviation: null };
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}

/** The mean, and ± the standard deviation where there is one. */
export function spread(values: readonly number[], show: (x: number) => string): string {
  const { mean, deviation } = meanOf(values);
  return deviation === null ? show(mean) : `${show(mean)} ± ${show(deviation)}`;
}

/** The backend in a line; `floragrad info` says the rest. */
export const backendLine = (facts: Readonly<Record<string, string | number | boolean>>): string =>
  ['backend', 'build', 'mode', 'threads']
    .filter((name) => name in facts)
    .map((name) => (name === 'backend' ? facts[name] : `${name} ${facts[name]}`))
    .join(', ');

/** What a table of several seeds must say of its losses. */
export const overSeeds = (seeds: number): string[] =>
  seeds > 1 ? [`Losses are means over ${seeds} seeds ± their standard deviation.`] : [];
