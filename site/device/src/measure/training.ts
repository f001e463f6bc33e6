import { adam, crossEntropy, GPT, random, type Tensor, trainer } from 'floragrad';
import type { Outcome } from './outcome';
import { batch, small } from './rows';
import { rates, timed, usual } from './timing';

/**
 * The losses of the first three steps, by the reference backend. The second is the first that depends on a gradient and the
 * third on Adam's state; a test computes them again.
 */
export const expectedLosses = [4.7381, 4.24025, 3.67213] as const;
/** Builds round differently, by less than this in the loss. */
const allowed = 2e-4;

/** The small GPT of the benchmarks, random ids, and Adam: one step at a time, which returns the loss. */
export function training(): () => Promise<number> {
  const model = new GPT({ ...small, key: random.key(0) });
  const ids = (name: string): Tensor =>
    random.integers(random.fold(random.key(1), name), [batch, small.context], { low: 0, high: small.vocabularySize });
  const data = { x: ids('x'), y: ids('y') };
  const { step } = trainer({
    model,
    transform: adam({ learningRate: 1e-3 }),
    loss: ({ x, y }: typeof data) => crossEntropy(model.forward(x), y),
    seed: 0,
  });
  return async () => await step(data).loss;
}

/** Tokens a second of the current device: checked, and timed if the losses are right. */
export async function tokens(now: () => number): Promise<Outcome> {
  const step = training();
  for (const [t, expected] of expectedLosses.entries()) {
    const loss = await step();
    if (!(Math.abs(loss - expected) <= allowed)) {
      const reason = `the loss of step ${t + 1} is ${loss.toFixed(4)}, where it must be ${expected.toFixed(4)}`;
      return { kind: 'wrong', reason };
    }
  }
  const run = async (repeats: number): Promise<void> => {
    for (let i = 0; i < repeats; i++) await step();
  };
  return rates(await timed(run, now, { ...usual, budget: 2000 }), batch * small.context);
}
