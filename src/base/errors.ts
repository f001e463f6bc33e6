/** Every error of floragrad, built from the same four parts so that none can forget one. */
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
