import fc from 'fast-check';
import {
  callable,
  checkArgument,
  either,
  isPlainObject,
  kindOf,
  type OptionsOf,
  optional,
  readOptions,
  refuseExtra,
  whole,
} from '../../base/options';
import { type Shape, shapeKind } from '../../base/shape';
import { type GradientTransform, transformKind } from '../../optim/transform';
import { hold } from '../finding';
import { type Law, randomLaw } from '../law';
import { allLaws } from './all';
import { oddPaths, type TransformCase } from './case';
import { guarded } from './guarded';
import type { TransformLaw } from './law';

/** A law of transforms, by the name under which `except` may speak of it. */
export type TransformLawName = keyof typeof allLaws;

const shapesKind = kindOf<Readonly<Record<string, Shape>>>(
  'a record of shapes',
  (value) => isPlainObject(value) && Object.values(value).every(shapeKind.fits),
);

const exceptKind = kindOf<Partial<Readonly<Record<TransformLawName, string>>>>(
  `a record of reasons by the names of laws: ${Object.keys(allLaws).join(', ')}`,
  (value) => isPlainObject(value) && Object.keys(value).every((name) => Object.hasOwn(allLaws, name)),
);

const transformLawsOptions = {
  /** Parameters that every case has, under these paths: `{ weight: [6, 5] }` for a compressor, which needs a matrix. */
  always: optional(shapesKind, {}),
  /** Laws that do not apply, each with the reason why. They are left out. */
  except: optional(exceptKind, {}),
  /** Random cases for each law (default 20). */
  runs: optional(whole({ low: 1 }), 20),
};

/** Which parameters, how many cases, and what does not apply. */
export interface TransformLawsOptions extends OptionsOf<typeof transformLawsOptions> {}

const subjectKind = either(transformKind, callable<() => GradientTransform<unknown>>('that makes one'));

/**
 * What every gradient transform owes: it is pure, its state is plain data in shapes that stay, it can be saved after any
 * step, absent leaves stay as they are, it frees what it uses, and it is itself in a chain, behind a mask and in a
 * partition. Cases are random: one to five parameters, scalars to 3-D and some without elements, under paths that a
 * careless record trips over. A transform that takes a seed is one transform for each seed: pass one of them.
 * @throws OptionError `options/…`
 * @example
 * for (const { holds } of transformLaws(() => adam({ learningRate: 0.1 }), { runs: 2 })) {
 *   await holds(); // or, in a test runner, it(name, holds)
 * }
 */
export function transformLaws<S>(
  transform: GradientTransform<S> | (() => GradientTransform<S>),
  options: TransformLawsOptions = {},
): Law[] {
  if (arguments.length > 2) refuseExtra('transformLaws', arguments, 2);
  checkArgument('transformLaws', 'transform', subjectKind, transform);
  const { always, except, runs } = readOptions('transformLaws', transformLawsOptions, options, 'transform');
  const make = () => guarded(typeof transform === 'function' ? transform : () => transform);
  const drawn = cases(always);
  return Object.entries<TransformLaw>(allLaws)
    .filter(([name]) => !Object.hasOwn(except, name))
    .map(([, law]) =>
      randomLaw(law.name, drawn, (given) => hold(law, make, given), {
        numRuns: law.heavy ? Math.ceil(runs / 10) : runs,
      }),
    );
}

const shapes = fc.array(fc.constantFrom(0, 1, 2, 3, 4, 5), { maxLength: 3 });
const paths = fc.constantFrom(
  'layer.weight',
  'layer.bias',
  'blocks.0.mlp.fc.weight',
  'blocks.1.mlp.fc.weight',
  ...oddPaths,
);

function cases(always: Readonly<Record<string, Shape>>): fc.Arbitrary<TransformCase> {
  const leaves = fc.uniqueArray(fc.tuple(paths, shapes), { selector: ([path]) => path, minLength: 1, maxLength: 4 });
  return fc
    .record({ leaves, mask: fc.nat(31), stop: fc.nat(9), seed: fc.nat(1e6) })
    .map(({ leaves, mask, ...rest }) => {
      const shapes = { ...Object.fromEntries(leaves), ...always };
      const present = Object.keys(shapes).filter((_, i) => (mask >> i) & 1);
      return { shapes, present, named: Object.keys(always), ...rest };
    });
}
