/** Every error of floragrad, built from the same four parts so that none can forget one (D9). */
export interface ErrorParts {
  /** Stable identifier with a heading in `docs/errors.md`, for example `matmul/inner-dims`. */
  readonly code: string;
  /** What was given, in words: `matmul got a [32, 784] and b [128, 784]`. */
  readonly got: string;
  /** What would have been right. */
  readonly expected: string;
  /** What to type next. */
  readonly fix: string;
}

abstract class FloragradError extends Error {
  /** Stable identifier with a heading in `docs/errors.md`, for example `matmul/inner-dims`. */
  readonly code: string;
  /** What was given, in words. */
  readonly got: string;
  /** What would have been right. */
  readonly expected: string;
  /** What to type next. */
  readonly fix: string;

  constructor(parts: ErrorParts, options?: ErrorOptions) {
    super(`[${parts.code}] ${parts.got}; expected ${parts.expected}. Fix: ${parts.fix}.`, options);
    this.name = new.target.name;
    this.code = parts.code;
    this.got = parts.got;
    this.expected = parts.expected;
    this.fix = parts.fix;
  }
}

/** Shapes, axes, lengths or dtypes of tensors do not fit together. */
export class ShapeError extends FloragradError {}
/** An option or argument that is not a tensor is unknown, missing or out of range. */
export class OptionError extends FloragradError {}
/** A backend cannot do what was asked on this platform. */
export class BackendError extends FloragradError {}
/** Something was used at the wrong time: a freed tensor, a closed scope, a non-finite loss. */
export class StateError extends FloragradError {}
/** Bytes or files that cannot be read or written, or do not hold what they should. */
export class FileError extends FloragradError {}

/**
 * Refuse option names that do not exist, so that a typo never becomes a silent default.
 * @throws OptionError `options/unknown`
 */
export function checkOptions(where: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw new OptionError({
      code: 'options/unknown',
      got: `${where} got the option "${name}"`,
      expected: `only ${known.map((option) => `"${option}"`).join(', ')}`,
      fix: 'check the spelling, or remove it',
    });
  }
}

/**
 * Refuse a number outside `[low, high]`, or a fraction where a whole number is needed.
 * @throws OptionError `options/range`
 */
export function checkNumber(
  where: string,
  name: string,
  x: number,
  range: { low?: number; high?: number; whole?: boolean } = {},
): void {
  const { low = -Infinity, high = Infinity, whole = false } = range;
  if (typeof x === 'number' && x >= low && x <= high && (!whole || Number.isInteger(x))) return;
  throw new OptionError({
    code: 'options/range',
    got: `${where} got ${name} = ${String(x)}`,
    expected: `a ${whole ? 'whole number' : 'number'} between ${low} and ${high}`,
    fix: `pass another ${name}`,
  });
}
