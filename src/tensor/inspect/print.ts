import type { TypedArray } from '../../base/dtype';
import type { Shape } from '../../base/shape';

/** More elements than this are summarised: the first and the last three along each axis. */
const most = 1000;
const edge = 3;
/** Longest line, in characters. */
const lineWidth = 75;
/** Digits after the point, at most. */
const precision = 8;

/** What is shown of an axis: elements or shorter axes; null stands for those that are left out. */
type Shown = number | null | readonly Shown[];

/**
 * The values as NumPy prints an array of them, row-major: every element in one format, with the fewest digits that tell
 * float32 numbers apart.
 * @see https://numpy.org/doc/stable/reference/generated/numpy.array2string.html, whose defaults (of NumPy 2.4) these are
 */
export function printed(values: TypedArray, shape: Shape): string {
  if (values.length === 0) return '[]';
  const shown = pick(values, shape, values.length > most);
  const numbers = ([shown] as unknown[]).flat(Infinity).filter((x) => x !== null) as number[];
  return lay(shown, shape.length, values instanceof Float32Array ? floats(numbers) : wholes(numbers), ' ');
}

function pick(values: TypedArray, [extent, ...inner]: Shape, summarised: boolean): Shown {
  if (extent === undefined) return values[0] as number;
  const step = values.length / extent;
  const left = summarised && extent > 2 * edge ? extent - 2 * edge : 0; // how many of the middle are left out
  const row = (i: number): Shown => pick(values.subarray(i * step, (i + 1) * step), inner, summarised);
  const rows = Array.from({ length: extent - left }, (_, i) => row(left > 0 && i >= edge ? i + left : i));
  if (left > 0) rows.splice(edge, 0, null);
  return rows;
}

/** The lines that show the axes from here on; the first one continues the caller's line, at the end of the indent. */
function lay(shown: Shown, axes: number, write: (x: number) => string, indent: string): string {
  if (shown === null) return '...';
  if (typeof shown === 'number') return write(shown);
  const words = shown.map((inner) => lay(inner, axes - 1, write, `${indent} `));
  if (axes > 1) return `[${words.join(`${'\n'.repeat(axes - 1)}${indent}`)}]`;
  let [done, line] = ['', ''];
  for (const word of words) {
    // The brackets that are open take a place each, and so do those that may follow.
    if (line !== '' && 2 * indent.length + line.length + 1 + word.length > lineWidth) {
      done += `${line.trimEnd()}\n${indent}`;
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return `[${done}${line}]`;
}

function wholes(shown: readonly number[]): (x: number) => string {
  const width = longest(shown.map(String));
  return (x) => String(x).padStart(width);
}

/** One format for all: with an exponent where numbers are large, small, or far from each other. */
function floats(shown: readonly number[]): (x: number) => string {
  const finite = shown.filter(Number.isFinite);
  const sizes = finite.map(Math.abs).filter((x) => x > 0);
  const [least, most] = [sizes.reduce((a, b) => Math.min(a, b), Infinity), sizes.reduce((a, b) => Math.max(a, b), 0)];
  const powers = most >= 1e6 || least < Math.fround(1e-4) || Math.fround(most / least) > 1000;
  const digits = powers ? finite.map(fewest).reduce((a, b) => Math.max(a, b), 0) : 0;
  const parts = (x: number): [whole: string, rest: string] => (powers ? scientific(x, digits) : positional(x));
  const left = longest(finite.map((x) => parts(x)[0]));
  const right = longest(finite.map((x) => parts(x)[1]));
  // NaN and infinities may reach over the point, and then widen what is left of it.
  const width = Math.max(left + 1 + right, longest(shown.map(special)));
  return (x) => {
    if (!Number.isFinite(x)) return special(x).padStart(width);
    const [whole, rest] = parts(x);
    return `${whole}.${rest.padEnd(right)}`.padStart(width);
  };
}

function special(x: number): string {
  return Number.isFinite(x) ? '' : Number.isNaN(x) ? 'nan' : x > 0 ? 'inf' : '-inf';
}

function longest(texts: readonly string[]): number {
  return texts.reduce((length, text) => Math.max(length, text.length), 0);
}

/** Digits after the point of the shortest decimal d.d…e±n that reads back as the same float32. */
function fewest(x: number): number {
  let digits = 0;
  while (digits < precision && Math.fround(Number(x.toExponential(digits))) !== x) digits++;
  return digits;
}

function scientific(x: number, digits: number): [whole: string, rest: string] {
  const text = toEven((places) => x.toExponential(places).replace(/e.*/, ''), digits);
  const [, sign, power] = /e(.)(.*)/.exec(x.toExponential(digits)) as unknown as string[];
  const [whole, fraction = ''] = text.split('.') as [string, string?];
  return [signed(x, whole), `${fraction}e${sign}${(power as string).padStart(2, '0')}`];
}

/** For 10⁻⁴ ≤ |x| < 10⁶. */
function positional(x: number): [whole: string, rest: string] {
  const digits = fewest(x);
  const exponent = Number(x.toExponential(digits).replace(/.*e/, ''));
  const text = toEven((places) => x.toFixed(places), Math.min(precision, Math.max(0, digits - exponent)));
  const [whole, fraction = ''] = text.split('.') as [string, string?];
  return [signed(x, whole), fraction.replace(/0+$/, '')];
}

/** What `form` makes of a number with `places` digits, halves to even; JavaScript's own rounding takes them up. */
function toEven(form: (places: number) => string, places: number): string {
  const text = form(places);
  const half = /^\.?50*$/.test(form(places + 30).slice(text.length));
  return half ? text.replace(/[13579]$/, (digit) => String(Number(digit) - 1)) : text;
}

function signed(x: number, whole: string): string {
  return Object.is(x, -0) ? `-${whole}` : whole;
}
