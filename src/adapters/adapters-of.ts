import { OptionError } from '../base/errors';
import { checkArgument, refuseExtra } from '../base/options';
import type { Adapter } from '../nn/adapter';
import { moduleKind } from '../nn/kinds';
import type { Module } from '../nn/module';
import type { AttachedLayer } from './attach';
import { sitesOf } from './sites';

/**
 * The layers of a model that have an adapter, of whatever method, and their adapters, in the order of fields.
 * @throws OptionError `arguments/module`
 * @example
 * const model = new MLP({ sizes: [4, 4, 2], key: random.key(0) });
 * lora(model, { rank: 2, match: 'layers.1' });
 * console.log(adaptersOf(model).map(({ path }) => path)); // prints [ 'layers.1' ]
 */
export function adaptersOf(model: Module): AttachedLayer<Adapter>[] {
  if (arguments.length > 1) refuseExtra('adaptersOf', arguments, 1);
  return adaptersIn('adaptersOf', model);
}

/** `adaptersOf` that insists on at least one, in the name of another function. @throws OptionError `adapter/none` */
export function someAdaptersOf(where: string, model: Module): AttachedLayer<Adapter>[] {
  const found = adaptersIn(where, model);
  if (found.length > 0) return found;
  throw new OptionError({
    code: 'adapter/none',
    got: `${where} got a model without adapters`,
    expected: 'a model that lora, periodicLora, lors or attachAdapters has been called on',
    fix: 'attach adapters first',
  });
}

function adaptersIn(where: string, model: Module): AttachedLayer<Adapter>[] {
  checkArgument(where, 'model', moduleKind, model);
  return sitesOf(model).flatMap(({ path, layer }) => (layer.lora ? [{ path, layer, adapter: layer.lora }] : []));
}
