import { ShapeError } from '../../../base/errors';
import { type Shape, show } from '../../../base/shape';

/** The equation of an `einsum` for given shapes, with one label for each axis. */
export interface Equation {
  /** Labels of each operand; the axes of an ellipsis are '.0', '.1', … counted from its last one. */
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
  /** Extent of each label. An operand may have 1 instead, and is then repeated. */
  readonly extents: ReadonlyMap<string, number>;
}

/**
 * Read an equation such as `'bij,bjk->bik'`. Without an arrow the output has the axes of the ellipsis, then the labels
 * that occur once, in alphabetical order.
 * @throws ShapeError `einsum/equation`, `einsum/operands`, `einsum/sizes`
 */
export function parseEquation(equation: string, shapes: readonly Shape[]): Equation {
  const [left, right, ...more] = equation.replaceAll(/\s/g, '').split('->') as [string, ...string[]];
  const terms = left.split(',');
  if (more.length > 0) throw malformed(equation, 'a second arrow');
  for (const term of [...terms, right ?? '']) {
    if (!/^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(term)) throw malformed(equation, `the term "${term}"`);
  }
  if (terms.length !== shapes.length) {
    throw new ShapeError({
      code: 'einsum/operands',
      got: `einsum got the equation "${equation}" and ${shapes.length} tensors`,
      expected: `${terms.length} tensors, one for each term before the arrow`,
      fix: 'separate the terms of the tensors by commas',
    });
  }
  const inputs = terms.map((term, i) => labelsOf(term, shapes[i] as Shape, equation));
  const extents = extentsOf(inputs, shapes, equation);
  const dots = [...extents.keys()].filter((label) => label.startsWith('.')).sort((a, b) => dotOf(b) - dotOf(a));
  const output = right === undefined ? implicitOutput(inputs, dots) : explicitOutput(right, dots, extents, equation);
  return { inputs, output, extents };
}

function dotOf(label: string): number {
  return Number(label.slice(1));
}

function labelsOf(term: string, shape: Shape, equation: string): string[] {
  const letters = term.replace('...', '').length;
  const missing = shape.length - letters;
  if (missing < 0 || (missing > 0 && !term.includes('...'))) {
    throw new ShapeError({
      code: 'einsum/sizes',
      got: `einsum got a tensor ${show(shape)} for the term "${term}" of "${equation}"`,
      expected: `${term.includes('...') ? 'at least ' : ''}${letters} axes`,
      fix: 'give each axis a label, or write ... for the axes that are left',
    });
  }
  return replaceDots(
    term,
    Array.from({ length: missing }, (_, i) => `.${missing - 1 - i}`),
  );
}

function replaceDots(term: string, dots: readonly string[]): string[] {
  const [front, back] = term.split('...') as [string, string?];
  return back === undefined ? [...front] : [...front, ...dots, ...back];
}

function extentsOf(inputs: readonly string[][], shapes: readonly Shape[], equation: string): Map<string, number> {
  const extents = new Map<string, number>();
  inputs.forEach((labels, i) => {
    labels.forEach((label, axis) => {
      const extent = shapes[i]?.[axis] as number;
      const known = extents.get(label) ?? 1;
      const within = shapes[i]?.[labels.indexOf(label)]; // a diagonal needs equal extents
      if (within !== extent || (known !== extent && known !== 1 && extent !== 1)) {
        throw sizes(equation, label, within === extent ? known : (within as number), extent);
      }
      extents.set(label, known === 1 ? extent : known);
    });
  });
  return extents;
}

function implicitOutput(inputs: readonly string[][], dots: readonly string[]): string[] {
  const letters = inputs.flat().filter((label) => !label.startsWith('.'));
  const once = letters.filter((label) => letters.indexOf(label) === letters.lastIndexOf(label));
  return [...dots, ...once.sort()];
}

function explicitOutput(
  term: string,
  dots: readonly string[],
  extents: ReadonlyMap<string, number>,
  equation: string,
): string[] {
  const output = replaceDots(term, dots);
  const unknown = output.find((label) => !extents.has(label));
  if (unknown) throw malformed(equation, `the label "${unknown}" after the arrow, which no term before it has`);
  if (new Set(output).size < output.length) throw malformed(equation, 'a label twice after the arrow');
  if (dots.length > 0 && !term.includes('...')) throw malformed(equation, 'an ellipsis before the arrow only');
  return output;
}

function malformed(equation: string, what: string): ShapeError {
  return new ShapeError({
    code: 'einsum/equation',
    got: `einsum got the equation "${equation}" with ${what}`,
    expected: 'terms of letters and at most one ... each, such as "bij,bjk->bik"',
    fix: 'label each axis with a letter, and keep in the output only what the inputs have',
  });
}

function sizes(equation: string, label: string, known: number, extent: number): ShapeError {
  const axis = label.startsWith('.') ? 'an axis of the ellipsis' : `the label "${label}"`;
  return new ShapeError({
    code: 'einsum/sizes',
    got: `einsum got extents ${known} and ${extent} for ${axis} of "${equation}"`,
    expected: 'one extent for each label, or 1 in another operand',
    fix: 'use another letter, or transpose the operand whose axes are in another order',
  });
}
