import { random, tensor } from 'floragrad';
import type { squaredDistances } from '../01-broadcasting';
import { requireTensor } from './not-yet';

export async function check(exercise: typeof squaredDistances): Promise<void> {
  await requireTensor(exercise(tensor([[0, 0]]), tensor([[3, 4]])), {
    given: 'x = [[0, 0]] and y = [[3, 4]]',
    numbers: [25],
    shape: [1, 1],
    hint: '3² + 4² = 25: square the differences, then sum over the coordinates',
  });
  const [n, m, d] = [3, 2, 4];
  const [x, y] = [n, m].map((rows) => random.normal(random.key(rows), [rows, d]));
  if (!x || !y) return;
  const [a, b] = [await x.array(2), await y.array(2)];
  const pairs = a.flatMap((p) => b.map((q) => p.reduce((sum, value, k) => sum + (value - (q[k] as number)) ** 2, 0)));
  await requireTensor(exercise(x, y), {
    given: `three random points x [${n}, ${d}] and two others y [${m}, ${d}]`,
    numbers: pairs,
    shape: [n, m],
    hint: 'x as [n, 1, d] and y as [1, m, d] have a difference for every pair; only the last axis is to be summed',
  });
}
