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
  return {
    decode(bits) {
      const negative = bits >= sign;
      const size = negative ? bits - sign : bits;
      let x: number;
      if (size < past) {
        const exponent = Math.floor(size / one);
        const mantissa = size % one;
        x =
          exponent === 0
            ? mantissa * 2 ** (least - mantissaBits)
            : (one + mantissa) * 2 ** (exponent - 1 + least - mantissaBits);
      } else x = size === infinity && !finite ? Infinity : Number.NaN;
      return negative ? -x : x;
    },
    encode(x) {
      if (Number.isNaN(x)) return nan;
      const negative = x < 0 || Object.is(x, -0) ? sign : 0;
      if (!Number.isFinite(x)) return finite ? null : negative + infinity;
      const exponent = Math.max(exponentOf(x), least);
      const steps = roundHalfEven(Math.abs(x) / 2 ** (exponent - mantissaBits)); // a power of two: exact
      const bits = (exponent - least) * one + steps; // a carry out of the mantissa moves on into the exponent
      return bits < past ? negative + bits : null;
    },
  };
}

const double = new DataView(new ArrayBuffer(8));

/** ⌊log₂|x|⌋ of a number that float32 holds, so that it is normal in float64; far below all else for 0. */
function exponentOf(x: number): number {
  double.setFloat64(0, x);
  return ((double.getUint16(0) >> 4) & 0x7ff) - 1023;
}

function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}
