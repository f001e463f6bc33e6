import { OptionError, StateError } from '../base/errors';
import { sameShape, show } from '../base/shape';
import { assign } from '../tensor/assign';
import { noGrad } from '../tensor/no-grad';
import { reshape } from '../tensor/ops/reshape';
import type { Params, Tensor } from '../tensor/tensor';
import { isTensor } from '../tensor/tree';

/** Which parameters: one path or everything below it, a pattern, or a predicate on the path. */
export type Match = string | RegExp | ((path: string) => boolean);

/** Parameters that no trainer shall touch. A property of the tensor, so that every module that holds it agrees. */
const frozen = new WeakSet<Tensor>();

/**
 * A layer is data: its parameters are its float32 tensor fields and those of its modules, and of arrays of either,
 * named by the dotted path of fields. Nothing is registered; `forward` is an ordinary function of them.
 * @example
 * class Scale extends Module {
 *   weight = ones([8]);
 *   forward(x: Tensor): Tensor {
 *     return mul(x, this.weight);
 *   }
 * }
 * console.log(Object.keys(new Sequential([relu, new Scale()]).parameters())); // prints [ 'layers.1.weight' ]
 */
export abstract class Module {
  /** What the layer computes; each layer says what it takes. */
  abstract forward(...inputs: never[]): unknown;

  /** All parameters by path, in the order of fields. A tensor that occurs twice is listed once, under its first path. */
  parameters(options: { trainable?: boolean } = {}): Params {
    const found = new Map<Tensor, string>();
    collect(this, '', found, new Set());
    const entries = [...found].map(([tensor, path]) => [path, tensor] as const);
    return Object.fromEntries(options.trainable ? entries.filter(([, tensor]) => !frozen.has(tensor)) : entries);
  }

  /**
   * Leave parameters out of `parameters({ trainable: true })` from now on. A string is a path or the start of paths:
   * 'blocks.0' freezes 'blocks.0.mlp.fc.weight' too.
   * @throws OptionError `freeze/no-match` when no parameter matches
   */
  freeze(match: Match): void {
    for (const tensor of this.matching('freeze', match)) frozen.add(tensor);
  }

  /** Make parameters trainable again; what `freeze` says of strings holds here too. @throws OptionError `freeze/no-match` */
  unfreeze(match: Match): void {
    for (const tensor of this.matching('unfreeze', match)) frozen.delete(tensor);
  }

  /**
   * Give every parameter new values. All of them are checked before the first is written.
   * @throws StateError `load/missing`, `load/unexpected`, `load/shape`
   */
  load(params: Params): void {
    const own = this.parameters();
    checkLoad(own, params);
    noGrad(() => {
      // Views first, so that a record of the model's own tensors (swapped, say) is read before it is written.
      const sources = Object.keys(own).map((path) => {
        const source = params[path] as Tensor;
        return reshape(source, source.shape);
      });
      Object.values(own).forEach((parameter, i) => {
        assign(parameter, sources[i] as Tensor);
      });
    });
  }

  /** The parameters that match, at least one. */
  private matching(where: string, match: Match): Tensor[] {
    const entries = Object.entries(this.parameters());
    const matching = entries.filter(([path]) => matches(match, path));
    if (matching.length > 0) return matching.map(([, tensor]) => tensor);
    throw new OptionError({
      code: 'freeze/no-match',
      got: `${where} got ${typeof match === 'function' ? 'a predicate' : String(match)}, which matches no parameter`,
      expected: `a match of at least one of ${list(entries.map(([path]) => path))}`,
      fix: 'print Object.keys(model.parameters()) and match one of these paths',
    });
  }
}

function collect(node: unknown, path: string, found: Map<Tensor, string>, seen: Set<object>): void {
  if (isTensor(node)) {
    if (node.dtype === 'float32' && !found.has(node)) found.set(node, path);
    return;
  }
  if (!(node instanceof Module || Array.isArray(node)) || seen.has(node)) return;
  seen.add(node);
  for (const [field, branch] of Object.entries(node)) collect(branch, path ? `${path}.${field}` : field, found, seen);
}

/** Does a path match? A string matches itself and everything below it. */
export function matches(match: Match, path: string): boolean {
  if (typeof match === 'function') return match(path);
  if (typeof match === 'string') return path === match || path.startsWith(`${match}.`);
  return path.search(match) >= 0; // unlike test(), the same answer twice with the flag g
}

function checkLoad(own: Params, given: Params): void {
  const missing = Object.keys(own).filter((path) => !Object.hasOwn(given, path));
  const unexpected = Object.keys(given).filter((path) => !Object.hasOwn(own, path));
  if (missing.length > 0) {
    throw new StateError({
      code: 'load/missing',
      got: `load got no values for ${list(missing)}`,
      expected: `all ${Object.keys(own).length} parameters of the model`,
      fix: unexpected.length > 0 ? `rename the entries; also found ${list(unexpected)}` : 'load a complete record',
    });
  }
  if (unexpected.length > 0) {
    throw new StateError({
      code: 'load/unexpected',
      got: `load got values for ${list(unexpected)}`,
      expected: 'only paths of model.parameters()',
      fix: 'remove these entries, or build the model they belong to',
    });
  }
  for (const [path, parameter] of Object.entries(own)) {
    const { shape, dtype } = given[path] as Tensor;
    if (sameShape(shape, parameter.shape) && dtype === parameter.dtype) continue;
    throw new StateError({
      code: 'load/shape',
      got: `load got "${path}" ${show(shape)} of dtype ${dtype}`,
      expected: `${show(parameter.shape)} of dtype ${parameter.dtype}`,
      fix: 'build the model with the sizes it was saved with',
    });
  }
}

function list(paths: readonly string[]): string {
  const shown = paths.slice(0, 5).map((path) => `"${path}"`);
  return shown.join(', ') + (paths.length > 5 ? ` and ${paths.length - 5} more` : '');
}
