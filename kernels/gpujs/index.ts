// Rows of a table, picked by ids. Ids are numbers of the device, exact to 2²⁴; an index in brackets of its own becomes
// an integer before it is multiplied, so that a table may be larger than that.

/** table [rows, width], ids [count] → [count, width]: thread (x, y) copies one element. */
export const gather = /* js */ `
function (table, ids) {
  return table[0][ids[this.thread.y]][this.thread.x];
}`;

/** The same for width 1: one element for each id. */
export const pick = /* js */ `
function (table, ids) {
  return table[0][0][ids[this.thread.x]];
}`;

/**
 * g [count, width] → [segments, width], sums of its rows: those of segment y stand from starts[y] to starts[y + 1] in
 * `order`. The transpose of `gather` when the host sorts the ids: no two threads write to one place, and a thread adds
 * only rows that belong to it. The host keeps segments short.
 */
export const segmentSum = /* js */ `
function (g, order, starts) {
  const from = starts[this.thread.y];
  const count = starts[this.thread.y + 1] - from;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += g[0][order[from + i]][this.thread.x];
  }
  return sum;
}`;
