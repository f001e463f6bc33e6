import { exp, log } from './math';
import { type Reducer, reducer } from './reductions';
import { type RowMap, rowMap } from './row-map';

// Functions of the last axis. Each is a few sums of terms over rows (`reduce.ts`), one number for each row, and then one
// pass over the elements that uses them: what a sum needs is never computed again for each element.

// --- softmax: `peak` is the largest of the row, so that no exponential overflows; `mass` is Σ exp(x − peak) -------------

const shifted = ({ x, peak }: { x: string; peak: string }): string => `expOf(${x} - ${peak})`;

export const mass = reducer('sum', { x: 'element', peak: 'line' }, shifted, exp);
export const softmax = rowMap({ x: 'element', peak: 'row', mass: 'row' }, (v) => `${shifted(v)} / ${v.mass}`, exp);
/** Σ g⊙y */
export const dot = reducer('sum', { g: 'element', y: 'element' }, ({ g, y }) => `${g} * ${y}`);
/** y ⊙ (g − Σ g⊙y) */
export const softmaxGrad = rowMap({ g: 'element', y: 'element', dot: 'row' }, (v) => `${v.y} * (${v.g} - ${v.dot})`);
export const logSoftmax = rowMap(
  { x: 'element', peak: 'row', mass: 'row', infinity: 'number', nan: 'number' },
  (v) => `${v.x} - ${v.peak} - logOf(${v.mass}, infinity, nan)`,
  log,
);
/** g − exp(y)·Σ g */
export const logSoftmaxGrad = rowMap(
  { g: 'element', y: 'element', sumG: 'row' },
  (v) => `${v.g} - expOf(${v.y}) * ${v.sumG}`,
  exp,
);

// --- cross entropy ---------------------------------------------------------------------------------------------------

/** log Σ exp(x − peak) − (x[target] − peak): one thread for a row; x [rows, classes] → [rows]. */
export const crossEntropy = {
  source: /* js */ `
function (x, targets, peak, mass, infinity, nan) {
  const target = targets[this.thread.x];
  return logOf(mass[this.thread.x], infinity, nan) - (x[0][this.thread.x][target] - peak[this.thread.x]);
}`,
  functions: log,
  flat: true,
};
/** 1 in the column of the target, else 0. */
const oneHot = /* js */ `
function oneHot(column, target) {
  let one = 0;
  if (column == target) { one = 1; }
  return one;
}`;
/** (softmax − one-hot)·g */
export const crossEntropyGrad = rowMap(
  { g: 'row', x: 'element', targets: 'row', peak: 'row', mass: 'row' },
  (v, column) => `(${shifted(v)} / ${v.mass} - oneHot(${column}, ${v.targets})) * ${v.g}`,
  [...exp, oneHot],
);

// --- norms: of a row of `count` elements, `sumX` is Σ x and `squares` Σ (x − mean)², or Σ x² in rmsNorm. A weight or a
// bias that is not there is a number, 1 or 0. ---------------------------------------------------------------------------

interface Row {
  readonly x: string;
  readonly sumX: string;
  readonly squares: string;
}
const centred = ({ x, sumX }: Omit<Row, 'squares'>): string => `(${x} - ${sumX} / count)`;
const root = ({ squares }: Pick<Row, 'squares'>): string => `Math.sqrt(${squares} / count + epsilon)`;
const numbers = { count: 'number', epsilon: 'number' } as const;

/** Σ (x − mean)² */
export const spread = reducer(
  'sum',
  { x: 'element', sumX: 'line', count: 'number' },
  (v) => `${centred(v)} * ${centred(v)}`,
);
export const layerNorm = (weight: 'column' | 'number', bias: 'column' | 'number'): RowMap =>
  rowMap(
    { x: 'element', sumX: 'row', squares: 'row', weight, bias, ...numbers },
    (v) => `${centred(v)} / ${root(v)} * ${v.weight} + ${v.bias}`,
  );
/** Σ g⊙weight */
export const sumWeighted = (weight: 'along' | 'number'): Reducer =>
  reducer('sum', { g: 'element', weight }, (v) => `${v.g} * ${v.weight}`);
/** Σ g⊙weight⊙(x − mean) */
export const dotCentred = (weight: 'along' | 'number'): Reducer =>
  reducer(
    'sum',
    { g: 'element', weight, x: 'element', sumX: 'line', count: 'number' },
    (v) => `${v.g} * ${v.weight} * ${centred(v)}`,
  );
/** (h − mean(h) − x̂·mean(h ⊙ x̂))/root with h = g⊙weight, of which sumH = Σ h and dotH = Σ h⊙(x − mean). */
export const layerNormGrad = (weight: 'column' | 'number'): RowMap =>
  rowMap(
    { g: 'element', weight, x: 'element', sumX: 'row', squares: 'row', sumH: 'row', dotH: 'row', ...numbers },
    (v) =>
      `(${v.g} * ${v.weight} - ${v.sumH} / count - ${centred(v)} * (${v.dotH} / count / (${v.squares} / count + epsilon))) / ${root(v)}`,
  );
/** Σ g⊙x̂ over the rows: the gradient of a weight. */
export const layerNormWeightGrad = reducer(
  'sum',
  { g: 'element', x: 'element', sumX: 'along', squares: 'along', ...numbers },
  (v) => `${v.g} * ${centred(v)} / ${root(v)}`,
);

export const rmsNorm = (weight: 'column' | 'number'): RowMap =>
  rowMap({ x: 'element', squares: 'row', weight, ...numbers }, (v) => `${v.x} / ${root(v)} * ${v.weight}`);
/** Σ g⊙weight⊙x */
export const dotWeighted = (weight: 'along' | 'number'): Reducer =>
  reducer('sum', { g: 'element', weight, x: 'element' }, (v) => `${v.g} * ${v.weight} * ${v.x}`);
/** (h − x̂·mean(h ⊙ x̂))/root with h = g⊙weight, of which dotH = Σ h⊙x. */
export const rmsNormGrad = (weight: 'column' | 'number'): RowMap =>
  rowMap(
    { g: 'element', weight, x: 'element', squares: 'row', dotH: 'row', ...numbers },
    (v) => `(${v.g} * ${v.weight} - ${v.x} * (${v.dotH} / count / (${v.squares} / count + epsilon))) / ${root(v)}`,
  );
export const rmsNormWeightGrad = reducer(
  'sum',
  { g: 'element', x: 'element', squares: 'along', ...numbers },
  (v) => `${v.g} * ${v.x} / ${root(v)}`,
);
