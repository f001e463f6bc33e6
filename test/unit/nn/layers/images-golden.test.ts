import { describe, expect, it } from 'vitest';
import * as f from '../../../../src/index';
import { expectClose } from '../../../../src/laws/close';
import golden from '../../../golden/images.json';

type Tensor = f.Tensor;
interface Stored {
  readonly shape: number[];
  readonly values: number[];
}
/** The layers of `test/golden/make_images.py`, as ours. */
const layers: Record<string, () => f.Module & { forward(x: Tensor, options?: f.ForwardOptions): Tensor }> = {
  'BatchNorm images': () => new f.BatchNorm(3, { epsilon: 1e-3, momentum: 0.3 }),
  'BatchNorm rows': () => new f.BatchNorm(2),
  'BatchNorm sequences': () => new f.BatchNorm(2),
  GroupNorm: () => new f.GroupNorm(2, 4),
  Conv1d: () => new f.Conv1d(4, 2, 3, { stride: 2, padding: 1, groups: 2, key }),
  Conv2d: () => new f.Conv2d(2, 4, [2, 1], { padding: 1, dilation: [2, 1], groups: 2, key }),
  ConvTranspose2d: () => new f.ConvTranspose2d(2, 1, 2, { stride: 2, outputPadding: 1, key }),
};
const key = f.random.key(0);
const ofTorch: Record<string, string> = { running_mean: 'runningMean', running_var: 'runningVariance' };
const put = ({ shape, values }: Stored): Tensor => f.tensor(values, { shape });
const stateOf = (stored: object): f.Params =>
  Object.fromEntries(Object.entries(stored).map(([name, value]) => [ofTorch[name] ?? name, put(value as Stored)]));

/** A few hundred operations stand behind each number. */
const terms = 64;
const same = (actual: Tensor | undefined, expected: Stored): void => {
  expect(actual?.shape).toEqual(expected.shape);
  expectClose((actual as Tensor).dataSync(), Float32Array.from(expected.values), terms);
};

describe(`three steps and an evaluation as in PyTorch ${golden.provenance.torch}`, () => {
  it.each(Object.entries(golden.cases))('%s', (name, expected) => {
    const layer = (layers[name] as () => ReturnType<(typeof layers)[string]>)();
    layer.load(stateOf(expected.first));
    const weights = put(expected.weights);
    const loss = (x: Tensor, options: f.ForwardOptions): Tensor =>
      layer.forward(x, options).square().mul(weights).mean();
    const training = f.trainer({ model: layer, transform: f.sgd({ learningRate: golden.rate }), loss, seed: 0 });
    expected.batches.forEach((stored, step) => {
      const x = put(stored);
      same(layer.forward(x, { key }), expected.outputs[step] as Stored);
      same(f.grad((t: Tensor) => loss(t, { key }))(x), expected.inputGradients[step] as Stored);
      training.step(x);
    });
    const last = stateOf(expected.last);
    expect(Object.keys(layer.state()).sort()).toEqual(Object.keys(last).sort());
    for (const [path, value] of Object.entries(layer.state())) {
      same(value, {
        shape: [...(last[path] as Tensor).shape],
        values: Array.from(last[path]?.dataSync() as Float32Array),
      });
    }
    same(layer.forward(put(expected.batches[0] as Stored)), expected.evaluated);
  });
});
