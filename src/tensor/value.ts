import type { Backend, Operand, Storage } from '../backend/contract';
import type { DType } from '../base/dtype';
import { type Shape, show } from '../base/shape';
import type { Owner } from './lifetime';
import type { Tape } from './tape';
import type { Track } from './track';

let made = 0;

/** Every value made from now on has a larger id: by that, a backward pass tells what a vjp made from what it was given. */
export function lastValueId(): number {
  return made - 1;
}

/**
 * One result of one computation: immutable, with the storage that holds it and the bookkeeping of what must free it.
 * A `Tensor` is a name for a value; assigning a parameter points its name at another value, so that what holds the old
 * value (a tape, above all) still sees the old numbers.
 */
export class Value implements Operand {
  /** Counts up; a larger id was made later. */
  readonly id = made++;
  /** What frees it; `lifetime.ts` alone changes this and the next two. */
  readonly owner: Owner = 'collector';
  /** What freed it; null while it is alive. */
  readonly freedBy: string | null = null;
  /** The outermost open tape that needs this value for its backward pass. */
  readonly savedBy: Tape | null = null;
  /** Where a derivative with respect to this value is wanted; `track.ts` alone changes this. */
  tracks: Track | null = null;

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
