import {
  adam,
  applyUpdates,
  linalg,
  ones,
  type Params,
  random,
  scope,
  type Tensor,
  valueAndGrad,
  zeros,
} from 'floragrad';
import type { Adapted, unload } from '../11-periodic-lora';
import { numbersOf, require, requireTensor } from './not-yet';

const [n, m, r, stages, steps] = [8, 8, 1, 4, 120];
const given = `W [${n}, ${m}], B [${n}, ${r}] and A [${r}, ${m}]`;
const key = random.key(12);

export async function check(exercise: typeof unload): Promise<void> {
  const [W, B, A] = [
    [n, m],
    [n, 3],
    [3, m],
  ].map((shape, i) => random.normal(random.fold(key, i), shape)) as [Tensor, Tensor, Tensor];
  const next = exercise({ W, B, A }, random.fold(key, 'new'));
  await numbersOf(next?.A, { given, shape: [3, m], hint: 'return { W, B, A }, of the shapes that came in' });
  await requireTensor(next.W.add(next.B.matmul(next.A)), {
    given,
    numbers: [...(await W.add(B.matmul(A)).data())],
    shape: [n, m],
    hint: 'W + B·A is the same before and after: what B·A was goes into W, and the new B·A is 0',
  });

  await drawsAnew(exercise);

  const target = random.normal(random.fold(key, 'target'), [n, m]);
  const left = await leftAfterStages(exercise, target);
  const squares = [...(await linalg.svd(target).s.data())].map((s) => s ** 2);
  const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
  const floor = sum(squares.slice(stages * r)) / sum(squares);
  require(left < 1.3 * floor, () => ({
    given: `${stages} stages of rank ${r} towards a random matrix [${n}, ${m}], ${steps} steps of Adam each`,
    expected: `to come near ${floor.toPrecision(3)} of the squared distance, the floor of rank ${stages * r}`,
    got: left.toPrecision(3),
    hint: 'the next stage starts from the weight that is returned, and both factors must be able to move',
  }));
}

/** The new A: other numbers for another key, of variance 1/r. */
async function drawsAnew(exercise: typeof unload): Promise<void> {
  const [rank, inputs] = [3, 2000];
  const adapted = { W: zeros([1, inputs]), B: zeros([1, rank]), A: ones([rank, inputs]) };
  const drawn = async (name: string): Promise<number[]> =>
    numbersOf(exercise(adapted, random.fold(key, name)).A, {
      given: 'A',
      shape: [rank, inputs],
      hint: 'the shape of A',
    });
  const [one, two] = [await drawn('one'), await drawn('two')];
  const same = one.filter((x, i) => x === two[i]).length;
  require(same < one.length / 100, () => ({
    given: 'the same adapter and two keys',
    expected: 'two different A',
    got: `${same} of ${one.length} numbers that are equal`,
    hint: 'draw the new A from the key: in the directions of the old one nothing is left to learn',
  }));
  // 6000 squares: their mean is off by 2 % now and then, and by 10 % never.
  const variance = one.reduce((sum, x) => sum + x * x, 0) / one.length;
  require(Math.abs(variance * rank - 1) < 0.1, () => ({
    given: `A [${rank}, ${inputs}]`,
    expected: `entries of variance 1/r = ${(1 / rank).toFixed(3)}`,
    got: variance.toPrecision(3),
    hint: 'random.normal has variance 1: multiply by 1/√r',
  }));
}

/** What is left of ‖W − target‖²/‖target‖². */
async function leftAfterStages(exercise: typeof unload, target: Tensor): Promise<number> {
  let now: Adapted = { W: zeros([n, m]), B: zeros([n, r]), A: random.normal(random.fold(key, 'first'), [r, m]) };
  for (let stage = 0; stage < stages; stage++) {
    now = trained(now, target);
    now = exercise(now, random.fold(key, 'stage', stage));
  }
  const size = await target.square().sum().item();
  return (await now.W.add(now.B.matmul(now.A)).sub(target).square().sum().item()) / size;
}

/** One stage: W is frozen. */
function trained({ W, B, A }: Adapted, target: Tensor): Adapted {
  const params = { B: B.clone(), A: A.clone() };
  const optimizer = adam({ learningRate: 0.05 });
  let state = optimizer.init(params);
  for (let step = 0; step < steps; step++) {
    state = scope(() => {
      const loss = (p: typeof params): Tensor => W.add(p.B.matmul(p.A)).sub(target).square().sum();
      const { grads } = valueAndGrad(loss)(params);
      const [updates, next]: [Params, typeof state] = optimizer.update(grads, state, params);
      applyUpdates(params, updates);
      return next;
    });
  }
  return { W, B: params.B, A: params.A };
}
