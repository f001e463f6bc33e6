// What a user writes who tests an op of their own with fast-check: its arbitraries and those of the laws mix freely.
import fc from 'fast-check';
import { mul, square, type Tensor } from 'floragrad';
import { type Arbitrary, type Extents, type OpRow, opCase, opLaws, real, shapesOf } from 'floragrad/laws';

const cube = (x: Tensor): Tensor => mul(x, square(x));

/** Cases by the arbitraries of the laws, and by those of fast-check. */
const ours: OpRow = { name: 'cube', cases: (extent) => shapesOf(extent).map((shape) => opCase([real(shape)], cube)) };
const theirs: OpRow = {
  name: 'cube',
  cases: (extent) =>
    fc
      .tuple(shapesOf(extent), fc.constantFrom(1, 2))
      .chain(([shape, scale]) => fc.constant(opCase([real(shape, -scale, scale)], cube))),
};

const given: Arbitrary<number[]> = fc.array(fc.nat());
const back: fc.Arbitrary<number[]> = given;
const extents: Extents = fc.constantFrom(1, 2, 3);
const laws = [...opLaws(ours), ...opLaws(theirs)];

// @ts-expect-error a case is no number
const wrong: OpRow = { name: 'cube', cases: () => fc.nat() };
// @ts-expect-error numbers are no strings
const strings: fc.Arbitrary<string> = shapesOf(extents).map((shape) => shape.length);

export { back, laws, strings, wrong };
