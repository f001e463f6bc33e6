import type { Key } from '../../base/key';
import { decodeCheckpoint, encodeCheckpoint } from '../../io/checkpoint';
import { adam } from '../../optim/optimizers/adam';
import { square } from '../../tensor/ops/elementwise/square';
import { mean } from '../../tensor/ops/reductions/sum';
import type { Tensor } from '../../tensor/tensor';
import { type Trainer, trainer } from '../../training/trainer';
import { yesOrNo } from '../finding';
import { claim } from '../violation';
import type { AdapterLaw, AdapterRow, Host } from './case';

/** Steps of the whole training. */
const length = 4;

/** A training that is stopped after any of its steps, saved, loaded into a new layer and gone on with, ends in the same bits. */
export const resumed: AdapterLaw = {
  name: 'is trained, stopped after any step and gone on with to the same bits',
  async find(row, seed) {
    const whole = begun(row, seed);
    const files = [await encodeCheckpoint(whole.checkpoint())];
    while (whole.training.steps < length) {
      whole.step();
      files.push(await encodeCheckpoint(whole.checkpoint()));
    }
    const end = files.at(-1) as Files;
    const [start, last] = [files[0] as Files, end].map(({ parameters }) => parameters.join());
    claim(start !== last, `${length} steps of training have moved nothing`);
    for (const [stop, saved] of files.entries()) {
      const again = begun(row, seed, saved);
      while (again.training.steps < length) again.step();
      const same = sameBits(await encodeCheckpoint(again.checkpoint()), end);
      claim(same, `a training that went on from step ${stop} of ${length} ends in other parameters or another state`);
    }
    return yesOrNo(null, `${files.length} stops`);
  },
};

type Files = Awaited<ReturnType<typeof encodeCheckpoint>>;

/** A training of a new layer, or what a saved one goes on as. */
function begun(row: AdapterRow, seed: number, files?: Files) {
  const layer = row.layer();
  const attached = row.attach(layer);
  const training = row.training?.(attached) ?? { transform: adam({ learningRate: 0.05 }) };
  const saved = files && decodeCheckpoint(files);
  if (saved) layer.load(saved.parameters);
  const made: Trainer<unknown, undefined> = trainer<unknown, undefined>({
    ...training,
    model: layer,
    loss: (_, { key }) => lossOf(layer, row, key),
    seed,
    ...(saved && { resume: { state: saved.state, steps: saved.steps } }),
  });
  return {
    training: made,
    step: (): unknown => made.step(),
    checkpoint: () => ({ parameters: layer.state(), state: made.state, steps: made.steps }),
  };
}

/** The size of what the layer computes, with dropout where it has one. */
const lossOf = (layer: Host, { input }: AdapterRow, key: Key): Tensor => mean(square(layer.forward(input(), { key })));

/** The record has the checksums of the other two files. */
function sameBits(a: Files, b: Files): boolean {
  return a.record === b.record;
}
