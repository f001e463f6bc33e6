import * as f from '../../../src/index';
import { type Compute, one, options, two } from './compute';

/** The ops of `op-laws-elementwise.json`. */
export const elementwise: Record<string, Compute> = {
  add: two(f.add),
  atan2: two(f.atan2),
  ceil: one(f.ceil),
  cos: one(f.cos),
  elu: options(f.elu),
  expm1: one(f.expm1),
  floor: one(f.floor),
  leakyRelu: options(f.leakyRelu),
  log1p: one(f.log1p),
  logicalAnd: two(f.logicalAnd),
  logicalOr: two(f.logicalOr),
  mish: one(f.mish),
  mod: two(f.mod),
  mul: two(f.mul),
  notEqual: two(f.notEqual),
  reciprocal: one(f.reciprocal),
  round: one(f.round),
  sin: one(f.sin),
  softplus: one(f.softplus),
  sub: two(f.sub),
  tan: one(f.tan),
};
