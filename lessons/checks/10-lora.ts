import { applyUpdates, chain, grad, linalg, mseLoss, random, scale, type Tensor, zeros } from 'floragrad';
import type { frozenLora } from '../10-lora';
import { numbersOf, require, requireTensor } from './not-yet';

const [n, m, r, rate, steps] = [6, 10, 2, 0.05, 20];

export async function check(exercise: typeof frozenLora): Promise<void> {
  const draw = (name: string, shape: readonly number[]): Tensor =>
    random.normal(random.fold(random.key(9), name), shape);
  const [x, A] = [draw('x', [32, m]), draw('A', [r, m])];
  const y = x.matmul(draw('teacher', [n, m]), { transposeB: true });
  const loss = (W: Tensor): Tensor => mseLoss(x.matmul(W, { transposeB: true }), y);

  // The real thing: B is trained, A is not.
  const adapter = { B: zeros([n, r]) };
  const ofB = grad((p: typeof adapter) => loss(p.B.matmul(A)));
  for (let t = 0; t < steps; t++) applyUpdates(adapter, { B: ofB(adapter).B.mul(-rate) });

  const descent = chain(exercise(A), scale(-rate));
  const params = { W: zeros([n, m]) };
  let state = descent.init(params);
  const given = `A [${r}, ${m}], ${steps} steps of rate ${rate} on a weight [${n}, ${m}]`;
  for (let t = 0; t < steps; t++) {
    const [updates, next] = descent.update({ W: grad(loss)(params.W) }, state, params);
    await numbersOf(updates.W, { given, shape: [n, m], hint: 'G·Aᵀ is [n, r]; times A it has the shape of W again' });
    applyUpdates(params, updates);
    state = next;
  }
  await requireTensor(params.W, {
    given,
    numbers: [...(await adapter.B.matmul(A).data())],
    shape: [n, m],
    hint: 'a step of B is G·Aᵀ, and what it does to the weight is that times A: nothing is inverted or scaled',
  });
  const values = await linalg.svd(params.W).s.data();
  const beyond = (values[r] as number) / (values[0] as number);
  require(beyond < 1e-5, () => ({
    given,
    expected: `a weight of rank ${r}`,
    got: `a singular value number ${r + 1} that is ${beyond.toPrecision(2)} of the first`,
    hint: 'every update must be a matrix times A',
  }));
}
