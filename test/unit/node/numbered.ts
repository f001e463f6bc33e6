import { expect } from 'vitest';
import { philox } from '../../../src/base/philox';
import { type Checkpoint, type Tensor, tensor } from '../../../src/index';
import { loadCheckpointOn } from '../../../src/node/checkpoint';
import type { Disk } from '../../../src/node/disk';

export const folder = '/runs/one';
const numbers = (x: Tensor | undefined): number[] => Array.from(x?.dataSync() ?? []);

/** The nth checkpoint of a run; every part of it says n. */
export const nth = (n: number): Checkpoint => ({
  parameters: { weight: tensor([n, n]), bias: tensor([n]) },
  state: { step: n, mean: { weight: tensor([n, -n]) } },
  steps: n,
  position: { line: n },
});

/** Which checkpoint a folder holds; fails if its parts are of several. */
export async function held(disk: Disk): Promise<number> {
  const { parameters, state, steps, position } = await loadCheckpointOn<{ step: number; mean: { weight: Tensor } }>(
    disk,
    folder,
    {},
  );
  const said = [...numbers(parameters.weight), ...numbers(parameters.bias), state.step, ...numbers(state.mean.weight)];
  expect([said, position]).toEqual([[steps, steps, steps, steps, steps, -steps], { line: steps }]);
  return steps;
}

/** Coins of a seed. */
export const choice = (seed: number): (() => boolean) => {
  const words = new Uint32Array(4);
  let count = 0;
  return () => {
    philox([seed, 5], count++, 0, 0, 0, words);
    return ((words[0] as number) & 1) === 1;
  };
};
