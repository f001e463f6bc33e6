import type { Backend, Operand, Storage } from '../backend/contract';
import type { DType } from '../base/dtype';
import { type Shape, show } from '../base/shape';
import type { Scope } from './scope';
import type { Tape, Track } from './tape';

let made = 0;

/** Every value made from now on has a larger id. */
export function lastValueId(): number {
  return made - 1;
}

/**
 * One result of one computation: immutable, with the storage that holds it and the bookkeeping of who must free it.
 * A `Tensor` is a name for a value; assigning a parameter points its name at another value, so that what holds the old
 * value (a tape, above all) still sees the old numbers.
 */
export class Value implements Operand {
  /** Counts up; a larger id was made later. */
  readonly id = made++;
  /** The scope that frees this value when it closes; null: a resident, or left to the garbage collector. */
  scope: Scope | null = null;
  /** Belongs to a tensor that is assigned to, such as a parameter: on the device until the next assignment. */
  resident = false;
  /** What freed it; null while it is alive. */
  freedBy: string | null = null;
  /** The tapes on which a derivative with respect to this value is wanted. */
  tracks: Track | null = null;
  /** The outermost open tape that needs this value for its backward pass. */
  savedBy: Tape | null = null;

  constructor(
    readonly backend: Backend,
    readonly storage: Storage,
    readonly shape: Shape,
    readonly dtype: DType,
    /** The op that made it, for messages. */
    readonly origin: string,
  ) {}

  toString(): string {
    return `a tensor ${show(this.shape)} made by ${this.origin}`;
  }
}
