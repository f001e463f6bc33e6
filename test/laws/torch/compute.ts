import type { Tensor } from '../../../src/index';

/** What a case of a golden file says beside its inputs. */
export interface Attributes {
  readonly [name: string]: unknown;
  readonly axis: number;
  readonly axes: number[];
  readonly shape: number[];
  readonly sizes: number[];
  readonly start: number[];
  readonly end: number[];
  readonly low: number;
  readonly high: number;
  readonly k: number;
  readonly epsilon: number;
}
/** An op, from the record of attributes and the inputs in order. */
export type Compute = (attributes: Attributes, ...xs: Tensor[]) => Tensor;

/** An op of one tensor. */
export const one =
  (of: (x: Tensor) => Tensor): Compute =>
  (_, x) =>
    of(x);
/** An op of two tensors. */
export const two =
  (of: (a: Tensor, b: Tensor) => Tensor): Compute =>
  (_, a, b) =>
    of(a, b);
/** Ops that take the record of attributes as it stands. */
export const options =
  (of: (x: Tensor, options: object) => Tensor): Compute =>
  (attributes, x) =>
    of(x, attributes);
