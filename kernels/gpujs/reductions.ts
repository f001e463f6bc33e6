import { isNan } from './nan';
import { quotient, type Way } from './places';

/**
 * What an argument of a term is: `element` one of [outer, length, inner], `line` one of the results [outer, inner],
 * `along` one of the summed axis [length], `number` the same everywhere.
 */
export type Role = 'element' | 'line' | 'along' | 'number';

/** How terms become one. */
export type Join = 'sum' | 'max' | 'min';

/** One text for each way, with the functions that it calls. */
export interface Reducer {
  readonly join: Join;
  readonly roles: readonly Role[];
  readonly text: Record<Way, string>;
  readonly functions: readonly string[];
}

/** Outer and inner index of the result, and which part of its terms the thread joins. */
const places: Record<Way, { start: string; outer: string; inner: string; part: string }> = {
  flat: {
    start: `
  const thread = this.thread.x;
  const part = quotient(thread, lines);
  const line = thread - part * lines;
  const outer = quotient(line, width);
  const inner = line - outer * width;`,
    outer: 'outer',
    inner: 'inner',
    part: 'part',
  },
  grid: { start: '', outer: 'this.thread.y', inner: 'this.thread.x', part: 'this.thread.z' },
};

/**
 * Joins `term` over the middle axis of [outer, length, inner], in parts of blocks·size terms: [parts, outer, inner].
 * One thread makes the result of one part. Sums go block by block, so that an error grows with blocks + size and not
 * with their product. Reads each element once.
 * Arguments: those of the roles, then width = inner, lines = outer·inner, length, blocks, size.
 */
export function reducer<Name extends string>(
  join: Join,
  roles: Record<Name, Role>,
  term: (values: Record<Name, string>, position: string) => string,
  functions: readonly string[] = [],
): Reducer {
  const names = Object.keys(roles) as Name[];
  const text = (way: Way): string => {
    const { start, outer, inner, part } = places[way];
    const termAt = (l: string): string => {
      const read: Record<Role, string> = {
        element: `[${outer}][${l}][${inner}]`,
        line: `[0][${outer}][${inner}]`,
        along: `[${l}]`,
        number: '',
      };
      return term(Object.fromEntries(names.map((name) => [name, name + read[roles[name]]])) as Record<Name, string>, l);
    };
    const at = `(${part} * blocks + block) * size + i`;
    const first = termAt(`${part} * blocks * size`);
    return /* js */ `
function (${[...names, 'width', 'lines', 'length', 'blocks', 'size'].join(', ')}) {${start}
  ${join === 'sum' ? 'let total = 0;' : `let best = ${first};`}
  for (let block = 0; block < blocks; block++) {
    ${join === 'sum' ? 'let sum = 0;' : ''}
    for (let i = 0; i < size; i++) {
      if (${at} < length) {
        ${join === 'sum' ? `sum += ${termAt(at)};` : better(join, termAt(at))}
      }
    }
    ${join === 'sum' ? 'total += sum;' : ''}
  }
  return ${join === 'sum' ? 'total' : 'best'};
}`;
  };
  return {
    join,
    roles: names.map((name) => roles[name]),
    text: { flat: text('flat'), grid: text('grid') },
    functions: [quotient, isNan, ...functions],
  };
}

/** NaN wins, and nothing is larger. */
function better(join: 'max' | 'min', value: string): string {
  return `const value = ${value};
        if (value ${join === 'max' ? '>' : '<'} best || isNan(value) > 0) { best = value; }`;
}

const itself = ({ x }: { x: string }): string => x;
export const sum = reducer('sum', { x: 'element' }, itself);
export const max = reducer('max', { x: 'element' }, itself);
export const min = reducer('min', { x: 'element' }, itself);
export const sumSquares = reducer('sum', { x: 'element' }, ({ x }) => `${x} * ${x}`);

/** Where the first element is that is `peak` or NaN; larger than any length if there is none. */
const positionOf = /* js */ `
function positionOf(value, peak, at) {
  let found = 16777216;
  if (value == peak || isNan(value) > 0) { found = at; }
  return found;
}`;
export const firstOf = reducer(
  'min',
  { x: 'element', peak: 'line' },
  ({ x, peak }, at) => `positionOf(${x}, ${peak}, ${at})`,
  [positionOf],
);

/** Terms that one thread of a running sum adds up. */
export const scanBlock = 32;

/**
 * What one running sum may lose to rounding, the next ones keep: they may come back from large sums to small ones. So
 * each sum is a pair, itself and what was rounded off (Knuth's two-sum).
 * `one` is 1, which compilers must not know: some take (total + value) − total for value. Pairs are stored along the
 * summed axis, [2·length].
 */
const add = (value: string): string => `{
        const value = ${value};
        const next = total + value;
        const back = next * one - total;
        rest += total - (next - back) + (value - back);
        total = next;
      }`;
/** The pair at `l` of an operand, or its only number. */
const addAt = (x: string, outer: string, l: string, inner: string, pairs: boolean): string =>
  pairs
    ? add(`${x}[${outer}][2 * (${l})][${inner}]`) + add(`${x}[${outer}][2 * (${l}) + 1][${inner}]`)
    : add(`${x}[${outer}][${l}][${inner}]`);
/** Infinities leave no rest. */
const finite = 'if (isNan(rest) > 0) { rest = 0; }';

/**
 * Sums of the blocks of `scanBlock` elements of [outer, length, inner], as pairs: [2·ceil(length/scanBlock), outer, inner].
 * One thread makes one number of a pair from at most 32 elements, or pairs.
 */
export const scanSums = (pairs: boolean): string => /* js */ `
function (x, width, lines, length, one) {
  const thread = this.thread.x;
  const part = quotient(thread, lines);
  const line = thread - part * lines;
  const outer = quotient(line, width);
  const inner = line - outer * width;
  const block = quotient(part, 2);
  let total = 0;
  let rest = 0;
  for (let i = 0; i < ${scanBlock}; i++) {
    if (block * ${scanBlock} + i < length) {
      ${addAt('x', 'outer', `block * ${scanBlock} + i`, 'inner', pairs)}
    }
  }
  ${finite}
  if (part - 2 * block < 0.5) { return total; }
  return rest;
}`;

/** What a text of `scan` is for. */
export interface ScanForm {
  readonly way: Way;
  /** Whether to begin at the end. */
  readonly reverse: boolean;
  /** There is one block only, and no argument `sums`. */
  readonly single: boolean;
  /** x and the result are pairs. */
  readonly pairs: boolean;
}

/**
 * Running sums along the middle axis of [outer, length, inner]: element l is the sum of its block up to l and, from
 * `sums` [2·ceil(length/scanBlock), outer, inner], the running sum of all blocks before. One thread makes one number
 * from at most 33.
 */
export const scan = ({ way, reverse, single, pairs }: ScanForm): string => {
  const [outer, inner] = way === 'flat' ? ['outer', 'inner'] : ['this.thread.z', 'this.thread.x'];
  const find =
    way === 'flat'
      ? `const thread = this.thread.x;
  const step = quotient(thread, width);
  const inner = thread - step * width;
  const outer = quotient(step, ${pairs ? '(length * 2)' : 'length'});
  const place = step - outer * ${pairs ? 'length * 2' : 'length'};`
      : 'const place = this.thread.y;';
  const before = reverse
    ? `if ((block + 1) * ${scanBlock} < length) {
      ${addAt('sums', '0', 'block + 1', `${outer} * width + ${inner}`, true)}
    }`
    : `if (block > 0) {
      ${addAt('sums', '0', 'block - 1', `${outer} * width + ${inner}`, true)}
    }`;
  return /* js */ `
function (x, ${single ? '' : 'sums, '}width, length, one) {
  ${find}
  const at = ${pairs ? 'quotient(place, 2)' : 'place'};
  const block = quotient(at, ${scanBlock});
  let total = 0;
  let rest = 0;
  for (let i = 0; i < ${scanBlock}; i++) {
    if (block * ${scanBlock} + i ${reverse ? '>=' : '<='} at && block * ${scanBlock} + i < length) {
      ${addAt('x', outer, `block * ${scanBlock} + i`, inner, pairs)}
    }
  }
  ${single ? '' : before}
  ${finite}
  ${pairs ? 'if (place - 2 * at < 0.5) { return total; }\n  return rest;' : 'return total + rest;'}
}`;
};

/**
 * Neighbouring sorted lists of indices become one, largest value first: of a row's `count` lists of `from` places, which
 * stand for `span` elements each, lists of `to` places. NaN is the largest, and of equals the lower index comes first,
 * which is always in the left list. One thread makes one place: it looks for how many of the places before it come from
 * the left list, by bisection in the two lists (merge path, Green, McColl and Bader 2012). Reads 4·log₂(from) values.
 * x [1, rows, n], lists [1, rows, count·from] → [rows, ceil(count/2)·to]. The first merge has no lists: it starts from n
 * lists of one element each.
 */
export const merge = (first: boolean): string => {
  const index = (place: string): string => (first ? place : `lists[0][row][${place}]`);
  return /* js */ `
function (x, ${first ? '' : 'lists, '}n, count, from, span, to) {
  const thread = this.thread.x;
  const pairs = Math.floor((count + 1) / 2);
  const place = quotient(thread, to);
  const j = thread - place * to;
  const row = quotient(place, pairs);
  const pair = place - row * pairs;
  const left = 2 * pair * from;
  const sizeLeft = Math.min(from, n - 2 * pair * span);
  const sizeRight = Math.max(0, Math.min(from, n - (2 * pair + 1) * span));
  let low = Math.max(0, j - sizeRight);
  let high = Math.min(j, sizeLeft);
  for (let i = 0; i < 25; i++) {
    if (low < high) {
      const middle = Math.floor((low + high) / 2);
      const one = ${index('left + middle')};
      const two = ${index('left + from + j - 1 - middle')};
      const a = x[0][row][one];
      const b = x[0][row][two];
      if (after(a, b) > 0) { high = middle; } else { low = middle + 1; }
    }
  }
  let result = 0;
  if (low < sizeLeft) {
    result = ${index('left + low')};
    if (j - low < sizeRight) {
      const other = ${index('left + from + j - low')};
      const valueLeft = x[0][row][result];
      const valueRight = x[0][row][other];
      if (after(valueLeft, valueRight) > 0) { result = other; }
    }
  } else {
    if (j - low < sizeRight) { result = ${index('left + from + j - low')}; }
  }
  return result;
}`;
};

/** 1 if the first of two values comes after the second, from the largest on; 0 if before, or if they are equal. */
export const after = /* js */ `
function after(a, b) {
  let later = isNan(b);
  if (b > a) { later = 1; }
  if (isNan(a) > 0) { later = 0; }
  return later;
}`;

/** Indices in a row [rows, k] → indices in the whole of x [rows, n]. */
export const inWhole = /* js */ `
function (indices, k, n) {
  const thread = this.thread.x;
  return quotient(thread, k) * n + indices[this.thread.x];
}`;
