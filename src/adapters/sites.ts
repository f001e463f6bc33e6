import { checkArgument, refuseExtra } from '../base/options';
import { type Adaptable, isAdaptable } from '../nn/adapter';
import { moduleKind } from '../nn/kinds';
import { type Module, visitModule } from '../nn/module';
import type { Tensor } from '../tensor/tensor';
import { isTensor } from '../tensor/tree';

/** A layer that can host an adapter, and the dotted path of fields that leads to it. */
export interface Site {
  /** The path as in the names of its parameters, without '.weight'. */
  readonly path: string;
  /** The layer. */
  readonly layer: Adaptable;
  /** Its weight is a field of something else too, such as a tied head. */
  readonly shared: boolean;
}

/**
 * All layers of a model that can host an adapter, each once, in the order of fields: what `attachAdapters` chooses from.
 * @throws OptionError `arguments/module`
 * @example
 * const model = new MLP({ sizes: [8, 4, 2], key: random.key(0) });
 * console.log(sitesOf(model).map(({ path, layer }) => `${path} ${layer.weight.shape}`)); // prints [ 'layers.0 4,8', 'layers.1 2,4' ]
 */
export function sitesOf(model: Module): Site[] {
  if (arguments.length > 1) refuseExtra('sitesOf', arguments, 1);
  checkArgument('sitesOf', 'model', moduleKind, model);
  const layers = new Map<Adaptable, string>();
  const holders = new Map<Tensor, number>();
  visitModule(model, (found, path) => {
    if (isTensor(found)) holders.set(found, (holders.get(found) ?? 0) + 1);
    else if (isAdaptable(found)) layers.set(found, path);
  });
  return [...layers].map(([layer, path]) => ({ path, layer, shared: (holders.get(layer.weight) ?? 0) > 1 }));
}

/** The path of a parameter of the layer there; the layer may be the model itself. */
export function parameterPath(site: string, parameter: string): string {
  return site === '' ? parameter : `${site}.${parameter}`;
}
