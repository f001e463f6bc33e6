import * as f from '../../../src/index';
import { type Compute, options, two } from './compute';

/** The ops of `op-laws-order.json`. */
export const order: Record<string, Compute> = {
  all: options(f.all),
  any: options(f.any),
  argmin: options(f.argmin),
  argsort: options(f.argsort),
  at: (_, x) => f.at(x, -1, 1),
  diag: ({ k }, x) => f.diag(x, k),
  flip: ({ axes }, x) => f.flip(x, axes),
  linspace: ({ start, end, count }) => f.linspace(Number(start), Number(end), Number(count)),
  // JSON has no infinity.
  norm: ({ p, ...more }, x) => f.norm(x, { ...more, p: Number(p) }),
  oneHot: ({ classes }, ids) => f.oneHot(ids, Number(classes)),
  outer: two(f.outer),
  prod: options(f.prod),
  repeat: ({ n, axis }, x) => f.repeat(x, Number(n), axis),
  roll: ({ shift, axis }, x) => f.roll(x, Number(shift), axis),
  scatter: ({ mode }, x, ids, values) => f.scatter(x, ids, values, { mode: mode as 'set' | 'add' }),
  sort: (attributes, x) => f.sort(x, attributes).values,
  std: options(f.std),
  takeAlong: ({ axis }, x, ids) => f.takeAlong(x, ids, axis),
  tile: ({ repeats }, x) => f.tile(x, repeats as number[]),
  triu: ({ k }, x) => f.triu(x, k),
};
