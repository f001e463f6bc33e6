// Lesson 11: PeriodicLoRA passes the rank
// Ten minutes. Before it: lesson 10. You learn what an adapter of rank r cannot learn, however long it trains, how stages
// get past that with the same memory, and you write what happens between two stages.
import { adam, eye, type Key, linalg, lora, MLP, mseLoss, periodicLora, random, type Tensor, trainer } from 'floragrad';

// 1. A layer W [16, 16] is to become W + D, where the shift D has full rank. LoRA adds B·A, of rank r. By Eckart and Young no
// matrix of rank r is nearer to D than its r largest singular values make it; what is left of ‖D‖² is the sum of the squares
// of the others. That is the *floor* of rank r:
const shift = random.normal(random.key(0), [16, 16]).div(4);
const squares = [...(await linalg.svd(shift).s.data())].map((s) => s ** 2);
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const floor = (rank: number): string => (sum(squares.slice(rank)) / sum(squares)).toFixed(3);
console.log(`floors of rank 2, 4, 8: ${floor(2)}, ${floor(4)}, ${floor(8)}`);
// prints
//   floors of rank 2, 4, 8: 0.581, 0.346, 0.102

// 2. LoRA of rank 2 goes there, and no further with three times the steps.
const x = eye(16); // all inputs there are, for a linear layer
const layer = (): MLP => new MLP({ sizes: [16, 16], key: random.key(1) });
const y = layer().forward(x).add(shift);

async function lossAfter(
  model: MLP,
  transform: Parameters<typeof trainer>[0]['transform'],
  steps: number,
): Promise<string> {
  const training = trainer({ model, transform, loss: () => mseLoss(model.forward(x), y), seed: 0 });
  for (let step = 0; step < steps; step++) training.step();
  return ((await mseLoss(model.forward(x), y).item()) / (await shift.square().mean().item())).toFixed(3);
}

const optimizer = adam({ learningRate: 0.03 });
for (const steps of [80, 240]) {
  const model = layer();
  lora(model, { rank: 2 });
  console.log(`LoRA, ${steps} steps: ${await lossAfter(model, optimizer, steps)}`);
}
// prints
//   LoRA, 80 steps: 0.581
//   LoRA, 240 steps: 0.581

// 3. PeriodicLoRA trains in stages. At the end of each the adapter is *unloaded*: its change goes into the weight, and a
// new adapter starts from nothing, in directions of its own. It learns what the first has left. k stages have rank k·r, and
// never hold more than one adapter and its optimizer's state:
//
//     W ← W + B·A,   B ← 0,   A ← random anew
for (const stages of [2, 4]) {
  const model = layer();
  const { transform } = periodicLora(model, { rank: 2, stageSteps: 80, inner: optimizer });
  console.log(`${stages} stages: ${await lossAfter(model, transform, 80 * stages)}`);
}
// prints
//   2 stages: 0.346
//   4 stages: 0.102

// These are the floors of rank 4 and 8. Where the shift has no more than rank 2, stages gain nothing and cost time: each
// starts its optimizer anew (docs/results.md measures that too).

// Exercise. Unload: given W [n, m], B [n, r] and A [r, m], return those of the next stage. The new A has entries from N(0,
// 1/r), drawn from the key that is given. The function of the layer, W + B·A, must be the same before and after.
export interface Adapted {
  readonly W: Tensor;
  readonly B: Tensor;
  readonly A: Tensor;
}

export function unload({ W, B, A }: Adapted, key: Key): Adapted {
  throw new Error(`your turn: W [${W.shape}], B [${B.shape}] and A [${A.shape}] of the next stage, key ${key}`);
}
