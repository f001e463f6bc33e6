import { keep, scope, type Tensor } from 'floragrad';

/** The mean of make(0), …, make(count − 1). */
export function average(make: (i: number) => Tensor, count: number): Tensor {
  // A sum that grows: what make(i) needs on its way, and the tensor that it gives, are freed at the end of each inner scope.
  // The new sum is returned to the scope outside, and `keep` takes it from there, or all sums would stay until that ends.
  let sum = keep(scope(() => make(0)));
  for (let i = 1; i < count; i++) {
    const before = sum;
    sum = keep(scope(() => before.add(make(i))));
  }
  return sum.div(count); // made in the scope of the caller, which decides what becomes of it
}
