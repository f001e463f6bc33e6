/** One axis: what Vega-Lite is told of it, and where values land. */
export interface ReadAxis {
  /** The fields of `scale`. */
  readonly scale: Readonly<Record<string, unknown>>;
  /** The fields of `axis` that say which ticks there are. */
  readonly ticks: Readonly<Record<string, unknown>>;
  /** The least value that has a place, and where 0 and less are drawn; undefined where every value has its own. */
  readonly gutter?: { readonly at: number; readonly edge: number } | undefined;
  /** The least value of a logarithmic axis that bars may reach down to. */
  readonly bottom?: number | undefined;
  /** How far along the axis a value is: 0 at its start, 1 at its end. */
  along(value: number | string): number;
}

/** Margin at both ends of an axis, as a part of its length. */
const margin = 0.06;
/** Most ticks of an axis. */
const mostTicks = 7;

/** A linear axis, which need not reach 0. */
export function linearAxis(values: readonly number[]): ReadAxis {
  const [low, high] = ends(values, 0);
  const room = high > low ? margin * (high - low) : margin * (Math.abs(low) || 1);
  // What is positive must not look as if it could be negative; what is at 0 has room beside it.
  const domain = [low > 0 ? Math.max(0, low - room) : low - room, high + room] as const;
  return {
    scale: { domain, zero: false, nice: false },
    ticks: { tickCount: mostTicks - 1 },
    along: (value) => (Number(value) - domain[0]) / (domain[1] - domain[0]),
  };
}

/** An axis of names, in the order given. */
export function namedAxis(names: readonly (number | string)[]): ReadAxis {
  return {
    scale: { type: 'point', domain: names, padding: 0.5 },
    ticks: {},
    along: (name) => (names.indexOf(name) + 0.5) / Math.max(1, names.length),
  };
}

/** A logarithmic axis. `at` are the values to mark where they are few, as on an axis of ranks. */
export function logAxis(values: readonly number[], at: readonly number[] = []): ReadAxis {
  const positive = values.filter((value) => value > 0);
  const [low, high] = spread(...ends(positive, 1));
  const part = (share: number): number => low * (high / low) ** share;
  const below = values.length > positive.length;
  const gutter = below ? { at: part(-0.1), edge: part(-0.05) } : undefined;
  const domain = [part(below ? -0.14 : -margin), part(1 + margin)] as const;
  const few = at.length > 0 && at.length <= mostTicks + 1;
  const marks = few ? at.filter((value) => value > 0) : logTicks(low, high);
  const zero = values.some((value) => value < 0) ? '≤ 0' : '0';
  const number = "replace(format(datum.value, abs(log(datum.value) / LN10) > 4.5 ? '~e' : '~g'), '+', '')";
  return {
    scale: { type: 'log', domain, nice: false },
    ticks: {
      values: gutter ? [gutter.at, ...marks] : marks,
      labelExpr: gutter ? `datum.value < ${gutter.edge} ? '${zero}' : ${number}` : number,
    },
    gutter,
    bottom: domain[0],
    along: (value) => {
      const shown = Number(value) > 0 ? Number(value) : domain[0];
      return Math.log(shown / domain[0]) / Math.log(domain[1] / domain[0]);
    },
  };
}

function ends(values: readonly number[], otherwise: number): [number, number] {
  if (values.length === 0) return [otherwise, otherwise];
  return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
}

/** Wide enough to have two ticks. */
function spread(low: number, high: number): [number, number] {
  if (logTicks(low, high).length >= 2) return [low, high];
  const steps = [1, 2, 5, 10];
  const decade = (value: number): number => 10 ** Math.floor(Math.log10(value));
  const [under, over] = [decade(low), decade(high)];
  return [
    under * (steps.findLast((step) => step * under <= low) ?? 1),
    over * (steps.find((step) => step * over >= high * (1 + 1e-9)) ?? 20),
  ];
}

/** 1, 2 and 5 times powers of ten while these are few, else powers of ten, of many every second, third and further. */
function logTicks(low: number, high: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const powers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const within = (ticks: readonly number[]): number[] =>
    ticks.filter((tick) => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9));
  const all = within(powers.flatMap((power) => [1, 2, 5].map((step) => Number(`${step}e${power}`))));
  if (all.length <= mostTicks) return all;
  const every = Math.ceil(within(powers.map((power) => 10 ** power)).length / mostTicks);
  return within(powers.filter((power) => power % every === 0).map((power) => Number(`1e${power}`)));
}
