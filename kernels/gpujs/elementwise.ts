// One element in, one element out. A thread makes one element of a flat output; what it costs is the memory it touches.
import { type AxisCount, arrayParameters, element, walk, walkParameters } from './layout';
import { atan2, erf, exp, expm1, gate, gelu, log, log1p, mod, normal, pow, round, sigmoid, tanh, wave } from './math';

/** What a kernel makes of x, or of a and b, and the functions of `math.ts` that it needs for that. */
export interface Formula {
  readonly of: string;
  readonly functions?: readonly string[];
  /** It must be told what infinity and NaN are. */
  readonly edges?: boolean;
}

/**
 * `infinity + x` is what a zero or an infinity makes of itself. A choice between x and 0 may become a maximum that drops NaN; with
 * the absolute value it does not.
 */
export const unaries = {
  neg: { of: '-x' },
  exp: { of: 'expOf(x)', functions: exp },
  log: { of: 'logOf(x, infinity, nan)', functions: log, edges: true },
  sqrt: { of: 'x < 0 ? nan : (x < infinity ? Math.sqrt(x) : x)', edges: true },
  rsqrt: { of: 'x > 0 ? 1 / Math.sqrt(x) : (x < 0 ? nan : infinity + x)', edges: true },
  abs: { of: 'Math.abs(x)' },
  sign: { of: 'x > 0 ? 1 : (x < 0 ? -1 : x)' },
  square: { of: 'x * x' },
  tanh: { of: 'tanhOf(x)', functions: tanh },
  sigmoid: { of: 'timesSigmoid(1, x)', functions: sigmoid },
  relu: { of: 'x < 0 ? 0 : Math.abs(x)' },
  silu: { of: 'timesSigmoid(x, x)', functions: sigmoid },
  gelu: { of: 'timesSigmoid(x, geluInner(x))', functions: gelu },
  erf: { of: 'erfOf(x)', functions: erf },
  geluErf: { of: 'x * normalCdf(x, bell(x))', functions: normal },
} satisfies Record<string, Formula>;

/** In maximum and minimum only NaN reaches the sum: of numbers, one comparison always holds. */
export const binaries = {
  add: { of: 'a + b' },
  sub: { of: 'a - b' },
  mul: { of: 'a * b' },
  div: { of: 'a / b' },
  pow: { of: 'powerOf(a, b, infinity, nan)', functions: pow, edges: true },
  maximum: { of: 'a >= b ? a : (b > a ? b : a + b)' },
  minimum: { of: 'a <= b ? a : (b < a ? b : a + b)' },
  reluGrad: { of: 'b > 0 ? a : 0' },
  siluGrad: { of: 'gateGrad(a, within(b, 110), within(b, 110))', functions: gate },
  geluGrad: { of: 'gateGrad(a, geluInner(within(b, 30)), geluSlope(within(b, 30)))', functions: gate },
  geluErfGrad: {
    of: 'a * (normalCdf(b, bell(b)) + within(b, 30) * bell(b) * 0.39894228040143268)',
    functions: normal,
  },
  equal: { of: 'a === b ? 1 : 0' },
  less: { of: 'a < b ? 1 : 0' },
  lessEqual: { of: 'a <= b ? 1 : 0' },
  greater: { of: 'a > b ? 1 : 0' },
  greaterEqual: { of: 'a >= b ? 1 : 0' },
} satisfies Record<string, Formula>;

/** The functions of `map` by name; one operand is a. On the device int32 numbers are floats, which never wrap around. */
export const maps = {
  sin: { of: 'waveOf(a, 0, nan)', functions: wave, edges: true },
  cos: { of: 'waveOf(a, 1, nan)', functions: wave, edges: true },
  tan: { of: 'waveOf(a, 0, nan) / waveOf(a, 1, nan)', functions: wave, edges: true },
  atan2: { of: 'atan2Of(a, b, infinity, nan)', functions: atan2, edges: true },
  floor: { of: 'Math.floor(a)' },
  ceil: { of: 'Math.ceil(a)' },
  round: { of: 'roundOf(a)', functions: round },
  mod: { of: 'modOf(a, b, infinity, nan)', functions: mod, edges: true },
  log1p: { of: 'log1pOf(a, infinity, nan)', functions: log1p, edges: true },
  expm1: { of: 'expm1Of(a)', functions: expm1 },
  addInt: binaries.add,
  subInt: binaries.sub,
  mulInt: binaries.mul,
} satisfies Record<string, Formula>;

/** Other formulas over elements. */
export const choice: Formula = { of: 'condition === 0 ? b : a' };
export const combination: Formula = { of: 'alpha * x + beta * y' };
export const copy: Formula = { of: 'x' };
/** Towards zero, within int32; NaN becomes 0. */
export const whole: Formula = {
  of: 'x > 0 ? Math.floor(Math.min(x, 2147483648)) : (x < 0 ? Math.ceil(Math.max(x, -2147483648)) : 0)',
};

/** out[i] = f(x[i]) */
export const map = ({ of, edges }: Formula): string => /* js */ `
function (values${edges ? ', infinity, nan' : ''}) {
  const x = values[this.thread.x];
  return ${of};
}`;

/**
 * out = f of the elements of several arrays, each with strides of its own (0: broadcast) over `rank` axes. Those that
 * are `numbers` are the same number everywhere.
 */
export const zip = (
  { of, edges }: Formula,
  names: readonly string[],
  numbers: readonly string[],
  axes: AxisCount,
): string => /* js */ `
function (${[
  ...names.flatMap((name) => (numbers.includes(name) ? name : arrayParameters(name, axes))),
  ...walkParameters(axes),
  ...(edges ? ['infinity', 'nan'] : []),
].join(', ')}) {
  ${walk(axes)}
  ${names
    .filter((name) => !numbers.includes(name))
    .map((name) => `const ${name} = ${element(name, axes)};`)
    .join('\n  ')}
  return ${of};
}`;
