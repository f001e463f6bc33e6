/** A binary floating-point format of 16 bits or fewer: sign, exponent, mantissa. */
interface Format {
  readonly exponentBits: number;
  readonly mantissaBits: number;
  /** No infinities: the largest exponent holds numbers too, and only all ones are NaN (the "fn" formats). */
  readonly finite?: boolean;
}

/** Numbers to and from the bits of a small format. */
export interface SmallFloat {
  /** Exact: float32 holds every number of every format here. NaNs become one NaN. */
  decode(bits: number): number;
  /** Round to nearest, ties to even; null for a finite number beyond the largest, and for an infinity that has no bits. */
  encode(x: number): number | null;
}

export function smallFloat({ exponentBits, mantissaBits, finite = false }: Format): SmallFloat {
  const one = 2 ** mantissaBits;
  const top = 2 ** exponentBits - 1;
  const least = 2 - 2 ** (exponentBits - 1); // exponent of the smallest normal number, and of all subnormal ones
  const sign = 2 ** (exponentBits + mantissaBits);
  const infinity = top * one;
  const nan = finite ? sign - 1 : infinity + one / 2;
  const past = finite ? nan : infinity; // bits of finite numbers are below
  // The same bits as float32 say the same number, but for the exponent's bias: moved to its place, it is off by a factor.
  const shift = 23 - mantissaBits;
  const factor = 2 ** (128 - 2 ** (exponentBits - 1));
  /** At index ⌊log₂|x|⌋ − least: the reciprocal of the distance between neighbouring numbers there. */
  const density = Float64Array.from({ length: 129 - least }, (_, i) => 2 ** (mantissaBits - least - i));
  return {
    decode(bits) {
      const negative = bits >= sign;
      const size = negative ? bits - sign : bits;
      if (size >= past) return size > infinity || finite ? Number.NaN : negative ? -Infinity : Infinity;
      singleBits[0] = size << shift;
      const x = (single[0] as number) * factor; // exact: a power of two, and far inside float64
      return negative ? -x : x;
    },
    encode(x) {
      if (Number.isNaN(x)) return nan;
      const negative = x < 0 || Object.is(x, -0) ? sign : 0;
      if (!Number.isFinite(x)) return finite ? null : negative + infinity;
      const above = Math.max(exponentOf(x) - least, 0);
      const steps = roundHalfEven(Math.abs(x) * (density[above] as number)); // a power of two: exact
      const bits = above * one + steps; // a carry out of the mantissa moves on into the exponent
      return bits < past ? negative + bits : null;
    },
  };
}

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);
const double = new Float64Array(1);
const doubleBits = new Uint32Array(double.buffer); // little-endian, as every machine that runs WebAssembly

/** ⌊log₂|x|⌋ of a number that float32 holds, so that it is normal in float64; far below all else for 0. */
function exponentOf(x: number): number {
  double[0] = x;
  return (((doubleBits[1] as number) >>> 20) & 0x7ff) - 1023;
}

function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}
