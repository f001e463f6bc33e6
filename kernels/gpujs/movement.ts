// Values brought to other places. A thread makes one element and reads one, unless said. Positions are written out in
// full wherever they stand: an integer that goes into a variable becomes a float, exact to 2²⁴ only.

/** How the threads are spread over an output [outer, block]. */
export type Spread = 'flat' | 'rows' | 'blocks';

/** Position in the block; `columns` threads make a row of it where it has several. */
const at = (spread: Spread): string =>
  spread === 'blocks' ? '(this.thread.y * columns + this.thread.x)' : 'this.thread.x';
/** Which block. */
const block = (spread: Spread): string => ({ flat: '0', rows: 'this.thread.y', blocks: 'this.thread.z' })[spread];
/** Where element `position` of this block is in an array [outer, length]. */
const within = (spread: Spread, length: string, position: string): string =>
  spread === 'flat' ? position : `${block(spread)} * ${length} + ${position}`;

/** a [length] and b, one behind the other. */
export const join = /* js */ `
function (a, b, length) {
  return this.thread.x < length ? a[this.thread.x] : b[this.thread.x - length];
}`;

/** Names of the numbers of `concat`. */
export const concatLengths = (parts: number): string[] => Array.from({ length: parts }, (_, i) => `length${i}`);

/** Arrays [outer, lengthᵢ] → [outer, Σ lengthᵢ]. */
export const concat = (parts: number, spread: Spread): string => {
  const lengths = concatLengths(parts);
  const choose = (i: number, position: string): string => {
    const value = `part${i}[${within(spread, `length${i}`, position)}]`;
    return i === parts - 1
      ? value
      : `${position} < length${i} ? ${value} : (${choose(i + 1, `(${position} - length${i})`)})`;
  };
  return /* js */ `
function (${lengths.map((name, i) => `part${i}, ${name}`).join(', ')}, columns) {
  return ${choose(0, at(spread))};
}`;
};

/** x [outer, length] → [outer, block] with x at `before`, and `value` around it. */
export const pad = (spread: Spread): string => /* js */ `
function (x, length, before, columns, value) {
  return ${at(spread)} >= before && ${at(spread)} - before < length
    ? x[${within(spread, 'length', `(${at(spread)} - before)`)}]
    : value;
}`;

/**
 * x [outer, count, length] → [outer, block], window i of x added at i·step (step ≥ 1): each thread adds up the windows
 * that it is in, about length/step of them. Blocks have at most 2²⁴ elements, so that positions may be floats.
 */
export const windows = (spread: Spread): string => /* js */ `
function (x, count, length, step, columns) {
  const position = ${at(spread)};
  // One window more at either end, in case a division rounds the wrong way; those that are not here add nothing.
  const first = Math.max(0, Math.floor((position - length) / step));
  const last = Math.min(count - 1, Math.floor(position / step) + 1);
  const terms = last - first + 1;
  let sum = 0;
  for (let i = 0; i < terms; i++) {
    const window = first + i;
    const from = position - window * step;
    sum += from >= 0 && from < length ? x[${block(spread)}][window][from] : 0;
  }
  return sum;
}`;
