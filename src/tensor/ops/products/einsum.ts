import { checkArgument, string } from '../../../base/options';
import { type Shape, sizeOf } from '../../../base/shape';
import { checkFloat } from '../../op';
import { runInScope } from '../../scope';
import type { Tensor } from '../../tensor';
import { fromArray } from '../create';
import { mul } from '../elementwise/mul';
import { gather } from '../movement/gather';
import { reshape } from '../movement/reshape';
import { transpose } from '../movement/transpose';
import { sum } from '../reductions/sum';
import { type Equation, parseEquation } from './einsum-equation';
import { matmul } from './matmul';

/** A tensor with a name for each axis. */
interface Labelled {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

/**
 * Sums of products in Einstein's notation, with NumPy's rules: axes of one letter run together, those that the output
 * does not have are summed. `...` stands for any axes, which broadcast; a letter twice in one term is a diagonal;
 * without `->` the output has the letters that occur once, in alphabetical order.
 *
 * Operands are taken in from left to right, two at a time, and each pair is one (batched) `matmul`: nothing larger than
 * operands and results is formed, and a good order of the operands is the caller's to choose.
 * @throws ShapeError `einsum/equation`, `einsum/operands`, `einsum/sizes`
 * @example
 * const [queries, keys] = [ones([2, 5, 3, 4]), ones([2, 6, 3, 4])];
 * console.log(einsum('bqhd,bkhd->bhqk', queries, keys).shape); // prints [ 2, 3, 5, 6 ]
 */
export function einsum(equation: string, ...tensors: readonly Tensor[]): Tensor {
  checkArgument('einsum', 'equation', string, equation);
  checkFloat('einsum', ...tensors);
  const parsed = parseEquation(
    equation,
    tensors.map((x) => x.shape),
  );
  const { inputs, output } = parsed;
  return runInScope('einsum', () => {
    const operands = tensors.map((x, i) => withoutOnes(diagonal({ x, labels: inputs[i] as string[] }), parsed));
    let result = operands[0] as Labelled;
    operands.slice(1).forEach((next, i) => {
      const needed = new Set([...output, ...operands.slice(i + 2).flatMap(({ labels }) => labels)]);
      result = contract(sumOut(result, needed, next.labels), sumOut(next, needed, result.labels), needed);
    });
    return order(sumOut(result, new Set(output), []), output);
  });
}

/** The axes of a label that occurs several times become one: its diagonal, picked as rows of a table. */
function diagonal({ x, labels }: Labelled): Labelled {
  const label = labels.find((name, axis) => labels.indexOf(name) !== axis);
  if (label === undefined) return { x, labels };
  const [equal, others] = [axesOf(labels, (name) => name === label), axesOf(labels, (name) => name !== label)];
  const front = transpose(x, [...equal, ...others]); // [n, …, n, ...rest]
  const [n, rest] = [front.shape[0] as number, front.shape.slice(equal.length)];
  const rows = n ** equal.length;
  const step = n > 1 ? (rows - 1) / (n - 1) : 1; // 1 + n + n² + …
  const ids = fromArray(
    Int32Array.from({ length: n }, (_, i) => i * step),
    [n],
  );
  const picked = gather(reshape(front, [rows, ...rest]), ids);
  return diagonal({ x: picked, labels: [label, ...others.map((axis) => labels[axis] as string)] });
}

function axesOf(labels: readonly string[], wanted: (label: string) => boolean): number[] {
  return labels.flatMap((label, axis) => (wanted(label) ? [axis] : []));
}

/** Drops axes of extent 1 whose label has another extent elsewhere: the operand is constant along them. */
function withoutOnes({ x, labels }: Labelled, { extents }: Equation): Labelled {
  const kept = labels.filter((label, axis) => x.shape[axis] === extents.get(label));
  return kept.length === labels.length
    ? { x, labels }
    : {
        x: reshape(
          x,
          kept.map((label) => extents.get(label) as number),
        ),
        labels: kept,
      };
}

/** Sum over the labels that neither the rest of the equation nor the partner has. */
function sumOut({ x, labels }: Labelled, needed: ReadonlySet<string>, partner: readonly string[]): Labelled {
  const stays = (label: string): boolean => needed.has(label) || partner.includes(label);
  const axis = axesOf(labels, (label) => !stays(label));
  return axis.length === 0 ? { x, labels } : { x: sum(x, { axis }), labels: labels.filter(stays) };
}

/** Sums products over the labels that both have and nothing needs later: [batch, rows, inner]·[batch, inner, columns]. */
function contract(a: Labelled, b: Labelled, needed: ReadonlySet<string>): Labelled {
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => needed.has(label));
  const inner = shared.filter((label) => !needed.has(label));
  const rows = a.labels.filter((label) => !shared.includes(label));
  const columns = b.labels.filter((label) => !shared.includes(label));
  const labels = [...batch, ...rows, ...columns];
  const extents = [...extentsIn(a, [...batch, ...rows]), ...extentsIn(b, columns)];
  if (inner.length === 0) {
    const left = order(a, [...batch, ...rows]);
    const right = reshape(order(b, [...batch, ...columns]), [
      ...extentsIn(b, batch),
      ...rows.map(() => 1),
      ...extentsIn(b, columns),
    ]);
    return { x: mul(reshape(left, [...left.shape, ...columns.map(() => 1)]), right), labels };
  }
  if (batch.length > 0 && rows.length + columns.length === 0) {
    const products = mul(order(a, [...batch, ...inner]), order(b, [...batch, ...inner]));
    return { x: sum(products, { axis: inner.map((_, i) => batch.length + i) }), labels }; // many small dot products
  }
  const [p, q] = [asMatrices(a, batch, rows, inner), asMatrices(b, batch, inner, columns)];
  const product = matmul(p.x, q.x, { transposeA: p.swapped, transposeB: q.swapped });
  return { x: reshape(product, extents), labels };
}

/** The operand as [batch, rows, columns] or, if that saves a copy, as [batch, columns, rows]. */
function asMatrices(
  operand: Labelled,
  batch: readonly string[],
  rows: readonly string[],
  columns: readonly string[],
): { x: Tensor; swapped: boolean } {
  const swapped = operand.labels.join() === [...batch, ...columns, ...rows].join();
  const [first, second] = swapped ? [columns, rows] : [rows, columns];
  const shape = [batch, first, second].map((labels) => sizeOf(extentsIn(operand, labels)));
  const ordered = order(operand, [...batch, ...first, ...second]);
  return { x: reshape(ordered, batch.length === 0 ? shape.slice(1) : shape), swapped };
}

function extentsIn({ x, labels }: Labelled, of: readonly string[]): Shape {
  return of.map((label) => x.shape[labels.indexOf(label)] as number);
}

/** The same labels in another order. */
function order({ x, labels }: Labelled, wanted: readonly string[]): Tensor {
  if (labels.join() === wanted.join()) return x;
  return transpose(
    x,
    wanted.map((label) => labels.indexOf(label)),
  );
}
