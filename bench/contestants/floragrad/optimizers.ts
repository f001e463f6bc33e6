import { adafactor, adam, flora, type GradientTransform } from '../../../src';

const learningRate = 1e-3;

/** The optimizers that cases name. Adafactor's dense momentum sits where Flora has its compressed one. */
const optimizers: Readonly<Record<string, () => GradientTransform<unknown>>> = {
  adam: () => adam({ learningRate }),
  adafactor: () => adafactor({ learningRate, momentum: 0.9 }),
  flora: () => flora({ learningRate, rank: 64, refreshEvery: 1000, seed: 1 }),
};

export function optimizerNamed(name: string | number = 'adam'): GradientTransform<unknown> {
  const make = optimizers[name];
  if (make) return make();
  throw new Error(`no optimizer ${name}`);
}
