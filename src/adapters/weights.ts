import { OptionError } from '../base/errors';
import { checkArgument } from '../base/options';
import { moduleKind } from '../nn/kinds';
import { Linear } from '../nn/layers/linear';
import { type Match, type Module, matches } from '../nn/module';
import type { Tensor } from '../tensor/tensor';
import { sitesOf } from './sites';

/** The weights of the `Linear` layers that match, each tensor once. @throws OptionError `prune/no-match` */
export function chosenWeights(
  where: string,
  model: Module,
  match: Match | undefined,
): { path: string; weight: Tensor }[] {
  checkArgument(where, 'model', moduleKind, model);
  const layers = sitesOf(model).filter(({ layer }) => layer instanceof Linear);
  const chosen = layers.filter(({ path }) => match === undefined || matches(match, path));
  const weights = new Map(chosen.map(({ path, layer }) => [layer.weight, path]));
  if (weights.size > 0) return [...weights].map(([weight, path]) => ({ path, weight }));
  throw new OptionError({
    code: 'prune/no-match',
    got: `${where} found no Linear layer`,
    expected: `a match of at least one of ${layers.map(({ path }) => `"${path}"`).join(', ') || 'none: there is no such layer'}`,
    fix: 'leave match out for every Linear, or match the path of a layer, without ".weight"',
  });
}
