import { fold, key } from '../../base/key';
import type { Adaptable, Adapter } from '../../nn/adapter';
import type { ForwardOptions } from '../../nn/forward-options';
import { noGrad } from '../../tensor/derivatives/no-grad';
import { mul } from '../../tensor/ops/elementwise/mul';
import { random } from '../../tensor/ops/random/random';
import type { Tensor } from '../../tensor/tensor';
import type { TrainerOptions } from '../../training/trainer-options';
import type { LawOf } from '../finding';
import { claim } from '../violation';

/** A layer that hosts adapters, with a forward pass of one tensor. */
export type Host = Adaptable & {
  /** The layer's output for one input. */
  forward(x: Tensor, options?: ForwardOptions): Tensor;
};

/** How an adapter is trained. */
export type AdapterTraining = Pick<TrainerOptions<unknown, undefined>, 'transform' | 'gradients'>;

/** One kind of adapter on one kind of layer. */
export interface AdapterRow {
  /** In front of the title of each law. */
  readonly name: string;
  /** A new layer without adapter. Its values are the same in every call. */
  layer(): Host;
  /** Hangs the adapter in the layer, as before training: `(layer) => lora(layer, { rank: 2 })`. */
  attach(layer: Host): unknown;
  /** An input of the layer; the same in every call. */
  input(): Tensor;
  /** What trains it, given what `attach` has returned (default: Adam). */
  training?: ((attached: unknown) => AdapterTraining) | undefined;
  /** It changes the function at the start by design, which is then claimed in the place of the contrary. Default: false. */
  readonly effectAtStart?: boolean;
  /** Gradients of the adapter's parameters are an approximation by design, and not compared. Default: false. */
  readonly straightThrough?: boolean;
}

/** A law of adapters. The case is a seed, from which the values of a trained adapter are drawn. */
export type AdapterLaw = LawOf<AdapterRow, number>;

/** A layer whose adapter has random values in all that is trained, as if it had been. */
export function trained({ layer: make, attach }: AdapterRow, seed: number): { layer: Host; adapter: Adapter } {
  const layer = make();
  attach(layer);
  const values = Object.entries(layer.parameters({ trainable: true })).map(([path, { shape }]): [string, Tensor] => [
    path,
    mul(random.normal(fold(key(seed), path), shape), 0.3),
  ]);
  layer.load({ ...layer.state(), ...Object.fromEntries(values) });
  const { lora: adapter } = layer;
  claim(adapter !== null, 'attach has left the layer without an adapter');
  return { layer, adapter: adapter as Adapter };
}

/** The numbers of a tensor. */
export async function numbersOf(t: Tensor): Promise<number[]> {
  return Array.from(await t.data());
}

/** What a layer makes of the row's input. */
export async function outputOf(layer: Host, { input }: AdapterRow): Promise<number[]> {
  return numbersOf(noGrad(() => layer.forward(input())));
}

/** All that a layer would save, in numbers. */
export async function stateOf(layer: Host): Promise<Record<string, number[]>> {
  const entries = Object.entries(layer.state()).map(
    async ([path, t]): Promise<[string, number[]]> => [path, await numbersOf(t)],
  );
  return Object.fromEntries(await Promise.all(entries));
}

/** Unit in the last place of a number of this size. */
export const ulp = (size: number): number => 2 ** -23 * size;

/** Every element within `units` units in the last place of the largest of all elements: sums are of such terms. */
export function claimNear(what: string, actual: readonly number[], expected: readonly number[], units: number): void {
  claim(actual.length === expected.length, `${what} has ${actual.length} elements; expected ${expected.length}`);
  const allowed = ulp(units) * largest([...actual, ...expected]);
  for (const [i, a] of actual.entries()) {
    const e = expected[i] as number;
    claim(Math.abs(a - e) <= allowed, `${what} is ${a} at element ${i}; expected ${e} ± ${allowed}`);
  }
}

/** The largest magnitude. */
export function largest(values: readonly number[]): number {
  return values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
}
