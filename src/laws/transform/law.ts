import type { GradientTransform } from '../../optim/transform';
import type { LawOf } from '../finding';
import type { TransformCase } from './case';
import { firstDifference, readTree, type TreeLeaf } from './tree-leaves';

/** A law of transforms. The subject makes the transform anew, watched by `guarded`. */
export interface TransformLaw extends LawOf<() => GradientTransform<unknown>, TransformCase> {
  /** The other laws mean nothing where this one is broken. */
  readonly premise?: true;
  /** Takes as long as ten others, so that a few random cases must do. */
  readonly heavy?: true;
}

/** Two trees must agree bit for bit; `what` begins the message if they do not. */
export async function sameBits(a: unknown, b: unknown, what: string): Promise<string | null> {
  const difference = firstDifference(await readTree(a), await readTree(b));
  return difference && `${what}: ${difference}`;
}

/** The parameter that a tensor of a state belongs to: the innermost key on the way to it that is a path. */
export function ownerOf({ keys }: TreeLeaf, given: TransformCase): string | undefined {
  return keys.findLast((key) => Object.hasOwn(given.shapes, key));
}
