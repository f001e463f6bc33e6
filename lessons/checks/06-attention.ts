import { attention, random, slice, type Tensor, tensor, zeros } from 'floragrad';
import type { causalAttention } from '../06-attention';
import { numbersOf, require, requireTensor } from './not-yet';

const [words, width] = [5, 9];

export async function check(exercise: typeof causalAttention): Promise<void> {
  const draw = (name: string): Tensor => random.normal(random.fold(random.key(0), name), [words, width]);
  const [q, k, v] = [draw('q'), draw('k'), draw('v')];

  await requireTensor(exercise(zeros([3, 1]), zeros([3, 1]), tensor([[3], [6], [30]])), {
    given: 'q = k = 0 and v = [[3], [6], [30]]',
    numbers: [3, 4.5, 13],
    shape: [3, 1],
    hint: 'equal scores make each row the mean of the values up to and with its own: 3, (3 + 6)/2, (3 + 6 + 30)/3',
  });

  const shape = [words, width];
  const before = await numbersOf(exercise(q, k, v), {
    given: `random q, k, v [${shape}]`,
    shape,
    hint: 'softmax(…)·v',
  });
  const last = tensor([[0], [0], [0], [0], [100]]); // moves the last word only
  const after = await numbersOf(exercise(q, k.add(last), v.sub(last)), {
    given: 'another last word',
    shape,
    hint: 'softmax(…)·v',
  });
  const past = (words - 1) * width;
  const moved = before.slice(0, past).findIndex((x, i) => Math.abs(x - (after[i] as number)) > 1e-5);
  require(moved < 0, () => ({
    given: 'two texts that differ in their last word only',
    expected: 'the same output for all words before it',
    got: `another one for word ${Math.floor(moved / width) + 1} of ${words}`,
    hint: 'the mask leaves s ≤ t: the lower triangle of [T, T]',
  }));

  await requireTensor(exercise(q, k, v), {
    given: `random q, k, v [${shape}]`,
    numbers: [...(await attention(q, k, v, { causal: true }).data())],
    shape,
    hint: 'the scores are q·kᵀ/√d with d = 9 here, and the softmax goes over the keys',
  });
  await requireTensor(exercise(slice(q, [0], [1]), slice(k, [0], [1]), slice(v, [0], [1])), {
    given: 'a single word',
    numbers: [...(await slice(v, [0], [1]).data())],
    shape: [1, width],
    hint: 'it sees itself, with weight 1',
  });
}
