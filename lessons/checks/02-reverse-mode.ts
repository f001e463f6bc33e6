import { customVjp, gradCheck, random, type Tensor, tensor } from 'floragrad';
import type { unitRowsVjp } from '../02-reverse-mode';
import { require, requireTensor } from './not-yet';

export async function check(exercise: typeof unitRowsVjp): Promise<void> {
  await requireTensor(exercise(tensor([[1, 0]]), tensor([[0.6, 0.8]]), tensor([[5]])), {
    given: 'x = [[3, 4]], that is s = [[5]] and y = [[0.6, 0.8]], and g = [[1, 0]]',
    numbers: [0.128, -0.096],
    shape: [1, 2],
    hint: 'x̄ = (g − y·a)/s, where a is one number for each row: which sum of g and y?',
  });
  const length = (x: Tensor): Tensor => x.square().sum({ axis: 1, keepDims: true }).sqrt();
  const unitRows = customVjp({
    forward(x: Tensor) {
      const s = length(x);
      const y = x.div(s);
      return [y, { y, s }];
    },
    vjp: (g, { y, s }) => [exercise(g, y, s)],
  });
  const report = await gradCheck(unitRows, random.normal(random.key(2), [3, 4]));
  require(report.passed, () => ({
    given: 'a random x [3, 4]',
    expected: `the derivative of differences, ${report.numeric.toPrecision(4)} at ${report.path}[${report.index}]`,
    got: report.analytic.toPrecision(4),
    hint: 'each row has a length and a sum of its own: sum over axis 1, and keep it as [n, 1]',
  }));
}
