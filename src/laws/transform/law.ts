import type { GradientTransform } from '../../optim/transform';
import type { TransformCase } from './case';
import { firstDifference, readTree, type TreeLeaf } from './tree-leaves';

/** What a check found: it passes while the statistic is at most the threshold. */
export interface Finding {
  readonly statistic: number;
  readonly threshold: number;
  readonly message: string;
}

/** One thing that every transform owes, checked on one case. */
export interface TransformCheck {
  readonly name: string;
  /** The other checks mean nothing where this one fails. */
  readonly premise?: true;
  /** Takes as long as ten others, so that a few random cases must do. */
  readonly heavy?: true;
  /** `make` makes the transform under test anew, watched by `guarded`. */
  find<S>(make: () => GradientTransform<S>, given: TransformCase): Promise<Finding>;
}

/** For checks that are true or false: `wrong` says what is wrong, or is null. */
export function yesOrNo(wrong: string | null, right: string): Finding {
  return { statistic: wrong === null ? 0 : 1, threshold: 0, message: wrong ?? right };
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
