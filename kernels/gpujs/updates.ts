import { rowMap } from './row-map';

// Updates of an optimizer, an element a thread, over flat arrays of one size. A kernel has one output, so that an update
// of several tensors is several kernels, and those that come later read what the first have written.

/** decay·state + rest·g: moving averages; `rest` is 1 − decay, rounded once. */
export const average = /* js */ `
function (g, state, decay, rest) {
  return decay * state[this.thread.x] + rest * g[this.thread.x];
}`;

/** decay·state + rest·g² */
export const averageSquare = /* js */ `
function (g, state, decay, rest) {
  const x = g[this.thread.x];
  return decay * state[this.thread.x] + rest * x * x;
}`;

/** mean·correction1/(√(square·correction2) + ε) */
export const adam = /* js */ `
function (mean, square, correction1, correction2, epsilon) {
  return mean[this.thread.x] * correction1 / (Math.sqrt(square[this.thread.x] * correction2) + epsilon);
}`;

/** sign(decay·mean + rest·g); of NaN NaN. */
export const lion = /* js */ `
function (g, mean, decay, rest) {
  const x = decay * mean[this.thread.x] + rest * g[this.thread.x];
  return x > 0 ? 1 : (x < 0 ? -1 : x);
}`;

/** g ⊙ row·columnᵀ */
export const scaleRowsColumns = rowMap(
  { g: 'element', ofRow: 'row', ofColumn: 'column' },
  (v) => `${v.g} * ${v.ofRow} * ${v.ofColumn}`,
);
