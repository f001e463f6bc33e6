import { OptionError } from '../../base/errors';
import { callable, checkArgument, isPlainObject, kindOf, refuseExtra } from '../../base/options';
import type { Params, Tensor } from '../../tensor/tensor';
import { isEmpty } from '../leaf';
import { observedAround } from '../observed-around';
import { pooledAround } from '../pooled-around';
import { type GradientTransform, type Treatment, transform, transformKind } from '../transform';
import { divide } from './divide';

/** One transform for each label. */
export type Parts<States extends Readonly<Record<string, unknown>>> = {
  readonly [Label in keyof States]: GradientTransform<States[Label]>;
};

/**
 * Different transforms for different leaves: each sees the leaves of its label and nothing else, as if they were all
 * there is. The state is { label → state }. `labelOf` is asked with the parameter at the start and with its gradient in
 * every step, so it must depend on path and shape alone. (optax calls this `multi_transform`.)
 * @throws OptionError `partition/label` for a label without a transform
 * @example
 * const optimizer = partition({ table: sgd({ learningRate: 0.1 }), rest: adam({ learningRate: 1e-3 }) }, (path) =>
 *   path.startsWith('tokenEmbedding.') ? 'table' : 'rest',
 * );
 */
export function partition<States extends Readonly<Record<string, unknown>>>(
  transforms: Parts<States>,
  labelOf: (path: string, tensor: Tensor) => keyof States & string,
): GradientTransform<States> {
  if (arguments.length > 2) refuseExtra('partition', arguments, 2);
  checkArgument('partition', 'transforms', transformsKind, transforms);
  checkArgument('partition', 'labelOf', callable('of a path and a tensor'), labelOf);
  // The record type holds label by label, which a loop cannot express: the only cast of states.
  const parts = Object.entries(transforms) as [string, GradientTransform<unknown>][];
  const ofLabel = (leaves: Params, label: string): Params => divide(leaves, (path, x) => labelOf(path, x) === label)[0];

  const update: GradientTransform<States>['update'] = (grads, state, params) => {
    for (const [path, g] of Object.entries(grads)) checkLabel(path, labelOf(path, g), transforms);
    const moved = parts.map(([label, part]): [string, Params, unknown] => {
      const leaves = ofLabel(grads, label);
      if (isEmpty(leaves) && !part.pool) return [label, {}, state[label]];
      return [label, ...part.update(leaves, state[label], ofLabel(params, label))];
    });
    return [
      Object.fromEntries(moved.flatMap(([, updates]) => Object.entries(updates))),
      Object.fromEntries(moved.map(([label, , next]) => [label, next])) as States,
    ];
  };

  return transform<States>({
    name: `partition(${parts.map(([label, part]) => `${label}: ${part.name ?? 'transform'}`).join(', ')})`,
    linear: parts.every(([, part]) => part.linear === true),
    leafwise: parts.every(([, part]) => part.leafwise === true),
    init(params) {
      for (const [path, x] of Object.entries(params)) checkLabel(path, labelOf(path, x), transforms);
      return Object.fromEntries(parts.map(([label, part]) => [label, part.init(ofLabel(params, label))])) as States;
    },
    update,
    ...pooledAround<States>(
      parts.map(([, part]) => part),
      update,
    ),
    explain: (params) => parts.flatMap(([label, part]) => treatmentsOf(label, part, ofLabel(params, label))),
    ...observedAround(
      parts.map(([, part]) => part),
      (seen) => partition(Object.fromEntries(parts.map(([label], i) => [label, seen[i]])) as Parts<States>, labelOf),
    ),
  });
}

const transformsKind = kindOf<Parts<Readonly<Record<string, unknown>>>>(
  'a record of gradient transforms by label, such as { table: sgd(…), rest: adam(…) }',
  (value) => isPlainObject(value) && Object.values(value).every(transformKind.fits),
);

/** What a part says of its leaves, with the label before the reason. */
function treatmentsOf(label: string, part: GradientTransform<unknown>, leaves: Params): Treatment[] {
  const said = new Map(part.explain?.(leaves).map((treatment) => [treatment.path, treatment]));
  const dense = { compressed: false, side: null, rank: null, reason: part.name ?? 'dense' } as const;
  return Object.keys(leaves).map((path) => {
    const treatment = said.get(path) ?? { path, ...dense };
    return { ...treatment, reason: `${label}: ${treatment.reason}` };
  });
}

function checkLabel(path: string, label: string, transforms: Readonly<Record<string, unknown>>): void {
  if (Object.hasOwn(transforms, label)) return;
  throw new OptionError({
    code: 'partition/label',
    got: `partition got the label "${label}" for "${path}"`,
    expected: `one of ${Object.keys(transforms)
      .map((known) => `"${known}"`)
      .join(', ')}`,
    fix: 'add a transform for this label; scale(0) leaves a parameter as it is',
  });
}
