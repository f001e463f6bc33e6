import { seedKind } from '../../base/key';
import { optional, readOptions, refuseExtra, required, whole } from '../../base/options';
import { intervalKind } from '../../compress/leaf-rules';
import { filterKind } from '../../optim/filter';
import { rate } from '../../optim/schedules';
import { floraMethods } from './flora';
import type { LinearCore, Method } from './method';
import { pairMethods } from './pairs';
import { projectedMethods } from './projected';
import { statelessMethods } from './stateless';
import { subsetMethods } from './subsets';

const rows = { ...floraMethods, ...pairMethods, ...projectedMethods, ...statelessMethods, ...subsetMethods };

/** The name of a method. */
export type MethodName = keyof typeof rows;

const rank = required(whole({ low: 1 }));
const settings = {
  learningRate: required(rate),
  rank,
  refreshEvery: required(intervalKind),
  seed: required(seedKind),
  filter: optional(filterKind),
};
const coreSettings = { rank, seed: required(seedKind) };

/**
 * The methods of the field that are here, by name. The command, the tables in `docs/methods.md` and the tests have their
 * lists from this one: a new method is its file and a row.
 */
export const methods: Readonly<Record<MethodName, Method>> = checked(rows);

/** The same rows, which read their settings before anything is made of them. */
function checked<Name extends string>(of: Readonly<Record<Name, Method>>): Readonly<Record<Name, Method>> {
  const named = Object.entries<Method>(of).map(([name, row]): [string, Method] => {
    const where = `methods.${name}`;
    const make: Method['make'] = function (given) {
      if (arguments.length > 1) refuseExtra(`${where}.make`, arguments, 1);
      return row.make(readOptions(`${where}.make`, settings, given) as Parameters<Method['make']>[0]);
    };
    if (!row.core) return [name, { ...row, make }];
    const { core } = row;
    const makeCore: LinearCore['make'] = function (given) {
      if (arguments.length > 1) refuseExtra(`${where}.core.make`, arguments, 1);
      return core.make(readOptions(`${where}.core.make`, coreSettings, given));
    };
    return [name, { ...row, make, core: { ...core, make: makeCore } }];
  });
  return Object.fromEntries(named) as Readonly<Record<Name, Method>>;
}
