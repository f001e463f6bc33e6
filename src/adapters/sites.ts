import { type Adaptable, isAdaptable } from '../nn/adapter';
import { type Module, visitModule } from '../nn/module';
import type { Tensor } from '../tensor/tensor';
import { isTensor } from '../tensor/tree';

/** A layer that can host an adapter, and the dotted path of fields that leads to it. */
export interface Site {
  /** The path as in the names of its parameters, without '.weight'. */
  readonly path: string;
  readonly layer: Adaptable;
  /** Its weight is a field of something else too, such as a tied head. */
  readonly shared: boolean;
}

/** All layers of a model that can host an adapter, each once, in the order of fields. */
export function sitesOf(model: Module): Site[] {
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
