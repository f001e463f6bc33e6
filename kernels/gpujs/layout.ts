// How threads find the elements of arrays that are walked together, each with strides of its own. Numbers are floats in
// this dialect and exact to 2²⁴ only; `this.thread` and arguments declared whole are integers as long as they stand in
// one expression and in no variable. Indices in brackets of their own become integers one by one.

import { quotient } from './places';

/** A walk over a number of axes: 1 to 3 are the axes of threads; with more, one axis of threads counts through all. */
export type AxisCount = number;

/** Names of arguments. */
const strideOf = (name: string, axis: number): string => `${name}Step${axis}`;
const startOf = (name: string): string => `${name}Start`;
const extentOf = (axis: number): string => `extent${axis}`;

/** Arguments of one array: itself, the strides of its axes from the last one on, where it starts. */
export const arrayParameters = (name: string, axes: AxisCount): string[] => [
  `${name}Values`,
  ...Array.from({ length: axes }, (_, axis) => strideOf(name, axis)),
  startOf(name),
];
/** Those of them that are whole numbers and stay exact, because they are used without variables. */
export const wholeParameters = (name: string, axes: AxisCount): string[] => [
  startOf(name),
  ...(axes > 3 ? [] : Array.from({ length: axes }, (_, axis) => strideOf(name, axis))),
];
/** Arguments of the walk: the extents of its axes from the last one on, all but the first, where threads do not have them. */
export const walkParameters = (axes: AxisCount): string[] =>
  axes > 3 ? Array.from({ length: axes - 1 }, (_, axis) => extentOf(axis)) : [];

export const walkFunctions = (axes: AxisCount): readonly string[] => (axes > 3 ? [quotient] : []);

/** Finds the position of this thread: its coordinates from the last axis on. */
export const walk = (axes: AxisCount): string =>
  axes > 3
    ? `const rest0 = this.thread.x;
  ${Array.from(
    { length: axes - 1 },
    (_, axis) => `const rest${axis + 1} = quotient(rest${axis}, ${extentOf(axis)});
  const at${axis} = rest${axis} - rest${axis + 1} * ${extentOf(axis)};`,
  ).join('\n  ')}
  const at${axes - 1} = rest${axes - 1};`
    : '';

/**
 * The element of an array at this position. With more than three axes the array is seen as [1, 1, size], so that the
 * sum of the indices is the address: the start, which may be large, apart from the rest, which may not.
 */
export const element = (name: string, axes: AxisCount): string => {
  const steps = Array.from({ length: axes }, (_, axis) => {
    const at = axes > 3 ? `at${axis}` : `this.thread.${'xyz'[axis]}`;
    return `${at} * ${strideOf(name, axis)}`;
  }).join(' + ');
  return axes > 3 ? `${name}Values[${startOf(name)}][0][${steps}]` : `${name}Values[${steps} + ${startOf(name)}]`;
};
