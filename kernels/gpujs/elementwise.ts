// One element in, one element out. A thread makes one element of a flat output; what it costs is the memory it touches.
import { erf, exp, gate, gelu, log, normal, pow, sigmoid, tanh } from './math';

/** What a kernel makes of x, or of a and b, and the functions of `math.ts` that it needs for that. */
export interface Formula {
  readonly of: string;
  readonly functions?: readonly string[];
  /** It must be told what infinity and NaN are. */
  readonly edges?: boolean;
}

/** `infinity + x` is what a zero or an infinity makes of itself. */
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
  relu: { of: 'x > 0 ? x : (x < 0 ? 0 : x)' },
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
  siluGrad: { of: 'gateGrad(a, b, b)', functions: gate },
  geluGrad: { of: 'gateGrad(a, geluInner(nearby(b)), geluSlope(nearby(b)))', functions: gate },
  geluErfGrad: {
    of: 'a * (normalCdf(b, bell(b)) + nearby(b) * bell(b) * 0.39894228040143268)',
    functions: normal,
  },
  equal: { of: 'a === b ? 1 : 0' },
  less: { of: 'a < b ? 1 : 0' },
  lessEqual: { of: 'a <= b ? 1 : 0' },
  greater: { of: 'a > b ? 1 : 0' },
  greaterEqual: { of: 'a >= b ? 1 : 0' },
} satisfies Record<string, Formula>;

/** out[i] = f(x[i]) */
export const map = ({ of, edges }: Formula): string => /* js */ `
function (values${edges ? ', infinity, nan' : ''}) {
  const x = values[this.thread.x];
  return ${of};
}`;

/** out[i] = f(a[i], b[i]); an operand may also be a number. */
export const zip = ({ of, edges }: Formula, numberA: boolean, numberB: boolean): string => /* js */ `
function (left, right${edges ? ', infinity, nan' : ''}) {
  const a = left${numberA ? '' : '[this.thread.x]'};
  const b = right${numberB ? '' : '[this.thread.x]'};
  return ${of};
}`;
