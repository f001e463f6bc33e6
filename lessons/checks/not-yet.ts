import { Tensor } from 'floragrad';

/** What a learner is told of an answer that is not right yet. */
export interface Finding {
  /** What the exercise was called with. */
  readonly given: string;
  /** What a right answer gives. */
  readonly expected: string;
  /** What this one gave. */
  readonly got: string;
  /** Where to look. */
  readonly hint: string;
}

/** An answer that was looked at and is not right. */
class NotYet extends Error {
  constructor({ given, expected, got, hint }: Finding) {
    super(`given ${given}, expected ${expected}, got ${got}.\nHint: ${hint}`);
    this.name = 'NotYet';
  }
}

/** Throws a `NotYet` unless the condition holds; `finding` is asked for only then. */
export function require(holds: boolean, finding: () => Finding): asserts holds {
  if (!holds) throw new NotYet(finding());
}

/** What is said of one tensor that an exercise returned. */
export interface Wanted {
  readonly given: string;
  /** Row-major. */
  readonly numbers: readonly number[];
  readonly shape: readonly number[];
  readonly hint: string;
  /** Largest difference that rounding may make (default 1e-4 of the largest number). */
  readonly tolerance?: number;
}

/** The numbers of an answer, which must be a tensor of the right shape with the right numbers. */
export async function requireTensor(answer: unknown, wanted: Wanted): Promise<void> {
  const { given, numbers, shape, hint } = wanted;
  const found = await numbersOf(answer, wanted);
  const largest = Math.max(1, ...numbers.map(Math.abs));
  const { tolerance = 1e-4 * largest } = wanted;
  const wrong = numbers.findIndex((x, i) => !(Math.abs((found[i] as number) - x) <= tolerance));
  require(wrong < 0, () => ({
    given,
    expected: `${shown(numbers)} in the shape [${shape.join(', ')}]`,
    got: `${shown(found)}, which differs first at position ${wrong}`,
    hint,
  }));
}

/** The numbers of an answer, which must be a tensor of the right shape. */
export async function numbersOf(
  answer: unknown,
  { given, shape, hint }: Pick<Wanted, 'given' | 'shape' | 'hint'>,
): Promise<number[]> {
  const got = answer instanceof Tensor ? `a tensor [${answer.shape.join(', ')}]` : kindOf(answer);
  const right = answer instanceof Tensor && `${answer.shape}` === `${shape}`;
  require(right, () => ({ given, expected: `a tensor of shape [${shape.join(', ')}]`, got, hint }));
  return [...(await answer.data())];
}

/** Numbers for a message: the first few of them, in few digits. */
function shown(numbers: readonly number[]): string {
  const some = numbers.slice(0, 8).map((x) => String(Number(x.toPrecision(5))));
  return `(${some.join(', ')}${numbers.length > some.length ? ', …' : ''})`;
}

function kindOf(answer: unknown): string {
  if (answer === undefined) return 'undefined: there is no return';
  if (answer instanceof Promise) return 'a promise: the function must not be async';
  return Array.isArray(answer) ? 'an array' : `a ${typeof answer}`;
}
