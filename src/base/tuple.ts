/** `N` things of type T; a list of any length when N is just `number`. */
export type Tuple<N extends number, T> = readonly T[] &
  (N extends 1 ? readonly [T] : N extends 2 ? readonly [T, T] : N extends 3 ? readonly [T, T, T] : readonly T[]);

/** `map` that keeps the length in the type. */
export function mapTuple<N extends number, A, B>(list: Tuple<N, A>, f: (x: A) => B): Tuple<N, B> {
  return list.map(f) as unknown as Tuple<N, B>;
}
