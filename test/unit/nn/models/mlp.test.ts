import { expect, it } from 'vitest';
import { abs, MLP, ones, random, relu, sigmoid, silu, type Tensor, tensor } from '../../../../src/index';

const key = random.key(0);
const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const x = tensor([
  [1, -2],
  [0.5, 3],
]);

it('takes an activation by name, or as a function', () => {
  const of = (activation: 'relu' | 'silu' | 'sigmoid' | ((t: Tensor) => Tensor)): number[] =>
    numbers(new MLP({ sizes: [2, 4, 3], activation, key }).forward(x));
  expect(of('silu')).toEqual(of(silu));
  expect(of('sigmoid')).toEqual(of((t) => sigmoid(t)));
  expect(of('relu')).toEqual(of(relu));
  expect(of(abs)).not.toEqual(of('relu'));
});

it('applies it between the layers and not after the last', () => {
  const model = new MLP({ sizes: [2, 1, 1], activation: () => ones([2, 1]), key });
  const [last] = model.layers.slice(-1);
  const expected = (last?.weight.dataSync()[0] as number) + (last?.bias?.dataSync()[0] as number);
  for (const y of numbers(model.forward(x))) expect(y).toBeCloseTo(expected, 6);
});

it('refuses other names and values', () => {
  const make = (activation: unknown) => () => new MLP({ sizes: [2, 1], activation: activation as 'relu', key });
  expect(make('swish')).toThrow(/options\/choice.*"swish".*"silu" or "sigmoid", or a function/s);
  expect(make(3)).toThrow(/options\/choice/);
});
