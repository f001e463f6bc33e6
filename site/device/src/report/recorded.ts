/** What docs/benchmarks.md says of floragrad on the machine that it was measured on. */
export interface Recorded {
  /** That machine, as the page describes it. */
  readonly machine: string;
  /** By the id of a row of this page. GFLOP/s, or tokens a second. */
  readonly numbers: Readonly<Record<string, number>>;
}

/** Contestants of the page, and the device of this one that they correspond to. */
const devices: Readonly<Record<string, string>> = {
  floragrad: 'wasm',
  'floragrad, baseline build': 'baseline',
  'floragrad, 2 threads': 'threads',
};
const tokens = 8 * 64;

/** The numbers of the first part of the page, Node 20. @throws where the page has another form than this expects */
export function recordedIn(markdown: string): Recorded {
  const part = /^## Node 20\n\n(?<machine>[^;\n]+)(?<rest>[\s\S]*?)(?=^## )/m.exec(markdown)?.groups;
  if (!part?.machine || !part.rest) throw new Error('docs/benchmarks.md has no part "## Node 20" with a machine');
  const numbers: Record<string, number> = {};
  for (const [, title = '', table = ''] of part.rest.matchAll(/^### (.+)\n\n((?:\|.*\n)+)/gm)) {
    const size = /^matmul (\d+)×\1×\1$/.exec(title)?.[1];
    const gpt = title.startsWith('GPT small');
    if (size === undefined && !gpt) continue;
    for (const cells of table.trim().split('\n').slice(2).map(cellsOf)) {
      const device = devices[cells[0] ?? ''];
      if (device === undefined) continue;
      if (size !== undefined) numbers[`product-${device}-${size}`] = Number(cells[2]);
      else numbers[`training-${device}`] = Math.round((1000 * tokens) / millisecondsOf(cells[1] ?? ''));
    }
  }
  if (Object.keys(numbers).length < 8 || Object.values(numbers).some((x) => !(x > 0)))
    throw new Error(`docs/benchmarks.md has other tables than expected: ${JSON.stringify(numbers)}`);
  return { machine: part.machine.replace(/\.$/, ''), numbers };
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function millisecondsOf(time: string): number {
  const [, value, unit] = /^([\d.]+) (µs|ms|s)$/.exec(time) ?? [];
  return Number(value) * ({ µs: 1e-3, ms: 1, s: 1e3 }[unit ?? ''] ?? Number.NaN);
}
