/** One column of x, and one of y for each line: what uPlot draws. null: nothing there. */
export type Columns = [xs: number[], ...lines: (number | null)[][]];

/**
 * Long curves with at most about `most` points. Of every bucket of neighbours the least and the greatest stay, in the order
 * in which they come, so that no spike is lost, which a mean or every tenth point would hide.
 *
 * All lines share `xs`; a line may be shorter than it.
 */
export function thin(xs: readonly number[], lines: readonly (readonly number[])[], most: number): Columns {
  if (xs.length <= most) return [[...xs], ...lines.map((line) => xs.map((_, i) => finite(line[i])))];
  const width = Math.ceil((2 * xs.length) / most);
  const kept: Columns = [[], ...lines.map(() => [])];
  for (let start = 0; start < xs.length; start += width) {
    const end = Math.min(start + width, xs.length);
    const several = end - start > 1;
    if (several) kept[0].push(xs[start] as number, xs[end - 1] as number);
    else kept[0].push(xs[end - 1] as number);
    lines.forEach((line, l) => {
      const pair = extremes(line, start, end);
      (kept[l + 1] as (number | null)[]).push(...(several ? pair : [pair[1]]));
    });
  }
  return kept;
}

/** Least and greatest of line[start … end − 1], the one that comes first being first. */
function extremes(line: readonly number[], start: number, end: number): [number | null, number | null] {
  let least = -1;
  let greatest = -1;
  for (let i = start; i < Math.min(end, line.length); i++) {
    const value = line[i] as number;
    if (!Number.isFinite(value)) continue;
    if (least < 0 || value < (line[least] as number)) least = i;
    if (greatest < 0 || value > (line[greatest] as number)) greatest = i;
  }
  return [finite(line[Math.min(least, greatest)]), finite(line[Math.max(least, greatest)])];
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
