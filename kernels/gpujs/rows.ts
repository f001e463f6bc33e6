import { exp, log } from './math';
import { quotient, type Way } from './places';
import { reducer } from './reduce';

// Functions of the last axis. Each is a few sums of terms over rows (`reduce.ts`), one number for each row, and then one
// pass over the elements that uses them: what a sum needs is never computed again for each element.

/**
 * What an argument of a map is: `element` one of [rows, n], `row` one of [rows], `column` one of [n], `number` the same
 * everywhere.
 */
export type Part = 'element' | 'row' | 'column' | 'number';

/** One text for each way, with the functions that it calls. */
export interface RowMap {
  readonly parts: readonly Part[];
  readonly text: Record<Way, string>;
  readonly functions: readonly string[];
}

/**
 * An element of [rows, n] from others at its place. One thread makes one; reads each array once.
 * Arguments: those of the parts, then n.
 */
function rowMap<Name extends string>(
  parts: Record<Name, Part>,
  formula: (values: Record<Name, string>, column: string) => string,
  functions: readonly string[] = [],
): RowMap {
  const names = Object.keys(parts) as Name[];
  const text = (row: string, column: string, start: string): string => {
    const read: Record<Part, string> = {
      element: `[0][${row}][${column}]`,
      row: `[${row}]`,
      column: `[${column}]`,
      number: '',
    };
    const values = Object.fromEntries(names.map((name) => [name, name + read[parts[name]]])) as Record<Name, string>;
    return /* js */ `
function (${[...names, 'n'].join(', ')}) {${start}
  return ${formula(values, column)};
}`;
  };
  const divide = `
  const thread = this.thread.x;
  const row = quotient(thread, n);
  const column = thread - row * n;`;
  return {
    parts: names.map((name) => parts[name]),
    text: { flat: text('row', 'column', divide), grid: text('this.thread.y', 'this.thread.x', '') },
    functions: [quotient, ...functions],
  };
}

// --- softmax: `peak` is the largest of the row, so that no exponential overflows ------------------------------------

const shifted = ({ x, peak }: { x: string; peak: string }): string => `expOf(${x} - ${peak})`;

/** Σ exp(x − peak) */
export const total = reducer('sum', { x: 'element', peak: 'line' }, shifted, exp);
export const softmax = rowMap(
  { x: 'element', peak: 'row', total: 'row' },
  (v) => `${shifted(v)} / ${v.total}`,
  exp,
);
/** Σ g⊙y */
export const dot = reducer('sum', { g: 'element', y: 'element' }, ({ g, y }) => `${g} * ${y}`);
/** y ⊙ (g − Σ g⊙y) */
export const softmaxGrad = rowMap(
  { g: 'element', y: 'element', dot: 'row' },
  (v) => `${v.y} * (${v.g} - ${v.dot})`,
);
export const logSoftmax = rowMap(
  { x: 'element', peak: 'row', total: 'row', infinity: 'number', nan: 'number' },
  (v) => `${v.x} - ${v.peak} - logOf(${v.total}, infinity, nan)`,
  log,
);
/** g − exp(y)·Σ g */
export const logSoftmaxGrad = rowMap(
  { g: 'element', y: 'element', sum: 'row' },
  (v) => `${v.g} - expOf(${v.y}) * ${v.sum}`,
  exp,
);

// --- cross entropy ---------------------------------------------------------------------------------------------------

/** log Σ exp(x − peak) − (x[target] − peak): one thread for a row; x [rows, classes] → [rows]. */
export const crossEntropy = /* js */ `
function (x, targets, peak, total, infinity, nan) {
  const target = targets[this.thread.x];
  return logOf(total[this.thread.x], infinity, nan) - (x[0][this.thread.x][target] - peak[this.thread.x]);
}`;
export const crossEntropyFunctions = log;
/** Of column c 1 where it is the target, else 0. */
const oneHot = /* js */ `
function oneHot(column, target) {
  let one = 0;
  if (column == target) { one = 1; }
  return one;
}`;
/** (softmax − one-hot)·g */
export const crossEntropyGrad = rowMap(
  { g: 'row', x: 'element', targets: 'row', peak: 'row', total: 'row' },
  (v, column) => `(${shifted(v)} / ${v.total} - oneHot(${column}, ${v.targets})) * ${v.g}`,
  [...exp, oneHot],
);

// --- norms: `sum` is Σ x of the row, `squares` Σ (x − mean)² or, in rmsNorm, Σ x²; `count` is the length of a row ------

interface Centred {
  readonly x: string;
  readonly sum: string;
}
interface Scaled {
  readonly squares: string;
}
const centred = ({ x, sum }: Centred): string => `(${x} - ${sum} / count)`;
const root = ({ squares }: Scaled): string => `Math.sqrt(${squares} / count + epsilon)`;
const layerNormal = (v: Centred & Scaled): string => `${centred(v)} / ${root(v)}`;
const rmsNormal = (v: { x: string } & Scaled): string => `${v.x} / ${root(v)}`;

/** Σ (x − mean)² */
export const spread = reducer('sum', { x: 'element', sum: 'line', count: 'number' }, (v) => `${centred(v)} * ${centred(v)}`);
export const layerNorm = (weighted: boolean, biased: boolean): RowMap =>
  rowMap(
    {
      x: 'element',
      sum: 'row',
      squares: 'row',
      count: 'number',
      epsilon: 'number',
      ...(weighted ? { weight: 'column' } : {}),
      ...(biased ? { bias: 'column' } : {}),
    } as Record<'x' | 'sum' | 'squares' | 'weight' | 'bias', Part>,
    (v) => `${layerNormal(v)}${weighted ? ` * ${v.weight}` : ''}${biased ? ` + ${v.bias}` : ''}`,
  );
export const rmsNorm = (weighted: boolean): RowMap =>
  rowMap(
    {
      x: 'element',
      squares: 'row',
      count: 'number',
      epsilon: 'number',
      ...(weighted ? { weight: 'column' } : {}),
    } as Record<'x' | 'squares' | 'weight', Part>,
    (v) => `${rmsNormal(v)}${weighted ? ` * ${v.weight}` : ''}`,
  );
