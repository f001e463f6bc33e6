/** `N` things of type T; a list of any length when N is just `number`. */
export type Tuple<N extends number, T> = readonly T[] &
  (N extends 1 ? readonly [T] : N extends 2 ? readonly [T, T] : N extends 3 ? readonly [T, T, T] : readonly T[]);
