import { type Law, type OpRow, opLaws } from '../../src/laws';

// What is made of public ops, such as a layer, is as right as they are where it puts them together rightly. Ops owe all
// laws; this owes the ones that can see that.

const asked = [
  'the vjp equals central differences',
  'the second derivative',
  'value and derivatives agree with the reference',
  'what is made on the way is freed',
  'shapes without elements',
];

/** For a function that composes ops. */
export const lawsOfComposed = (row: OpRow): Law[] => only(row, asked, 4);

/** For a layer: differences in each coordinate of each parameter would take seconds. */
export const lawsOfLayer = (row: OpRow): Law[] => only(row, asked.slice(1), 2);

/** On drivers of GPUs, where a new program takes time: the results are those of the reference. */
export const agreement = (row: OpRow): Law[] => only(row, ['value and derivatives agree with the reference'], 1);

const only = (row: OpRow, laws: readonly string[], runs: number): Law[] =>
  opLaws(row, { runs }).filter(({ name }) => laws.some((law) => name.startsWith(`${row.name}: ${law}`)));
