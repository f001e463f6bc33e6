import type { Tensor } from 'floragrad';

/** x [n, d], y [m, d] → [n, m]. */
export function squaredDistances(x: Tensor, y: Tensor): Tensor {
  const [n, d] = x.shape as [number, number];
  const [m] = y.shape as [number, number];
  // The difference needs three axes: i over rows of x, j over rows of y, k over coordinates. x does not depend on j and y not
  // on i, so that is where each has a 1.
  const difference = x.reshape([n, 1, d]).sub(y.reshape([1, m, d])); // [n, m, d]
  return difference.square().sum({ axis: 2 }); //                       [n, m]
}
