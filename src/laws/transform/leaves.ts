import type { GradientTransform } from '../../optim/transform';
import type { Params } from '../../tensor/tensor';
import { hold, yesOrNo } from '../finding';
import { cycleOf, gradientsOf, oddPaths, paramsOf, run, type TransformCase } from './case';
import { ownerOf, sameBits, type TransformLaw } from './law';
import { repeatable } from './pure';
import { resumable } from './saved';
import { firstDifference, readTree } from './tree-leaves';

/** A leaf that a whole cycle of gradients lacks gets no update, and the tensors kept for it stay; the others go on. */
export const absentLeaf: TransformLaw = {
  name: 'takes an absent leaf as no update',
  async find(make, given) {
    const { present } = given;
    if (present.length === 0) return yesOrNo(null, 'no leaf is present in this case');
    const transform = make();
    const params = paramsOf(given);
    const cycle = cycleOf(transform, given);
    const { outputs, state } = run(transform, params, gradientsOf(given, cycle));
    const thinned = gradientsOf(given, cycle, 'other').map((grads) => only(grads, present));
    const after = run(transform, params, thinned, state);
    const [before, updated] = [pathsOf(outputs), pathsOf(after.outputs)];
    const surplus = [...updated].find((path) => !present.includes(path));
    const missing = present.find((path) => before.has(path) && !updated.has(path));
    if (surplus !== undefined) return yesOrNo(`"${surplus}" has no gradient and gets an update`, '');
    if (missing !== undefined) {
      return yesOrNo(`"${missing}" has a gradient and gets no update where other leaves are absent`, '');
    }
    const kept = async (tree: unknown) =>
      (await readTree(tree)).filter((leaf) => {
        const owner = ownerOf(leaf, given);
        return leaf.tensor && owner !== undefined && !present.includes(owner);
      });
    const difference = firstDifference(await kept(state), await kept(after.state));
    return yesOrNo(difference && `the state of an absent leaf, before and after: state${difference}`, 'state kept');
  },
};

/** Gradients without any leaf are no step at all. */
export const noLeaf: TransformLaw = {
  name: 'takes no leaf at all as no step',
  async find(make, given) {
    const transform = make();
    const params = paramsOf(given);
    const { state } = run(transform, params, gradientsOf(given, cycleOf(transform, given)));
    const [updates, after] = transform.update({}, state, params);
    const path = Object.keys(updates)[0];
    if (path !== undefined) return yesOrNo(`"${path}" gets an update from gradients without a leaf`, '');
    return yesOrNo(await sameBits(state, after, 'the state before and after gradients without a leaf'), 'state kept');
  },
};

/** Nothing depends on what the paths are called: not a dot, not a number, not what every record inherits. */
export const everyPath: TransformLaw = {
  name: 'takes every path',
  heavy: true,
  async find(make, given) {
    const count = Math.max(oddPaths.length, Object.keys(given.shapes).length);
    const plain = Array.from({ length: count }, (_, i) => `w${i}`);
    const odd = plain.map((path, i) => oddPaths[i] ?? path);
    for (const law of [repeatable, resumable, absentLeaf, finite]) {
      const wrong = await failure(law, make, renamed(given, odd));
      // What goes wrong under plain paths as well is not the fault of the paths, and its own law says so.
      if (wrong !== null && (await failure(law, make, renamed(given, plain))) === null) {
        return yesOrNo(`with odd paths it no longer ${law.name}: ${wrong}`, '');
      }
    }
    const [updated, others] = [updatedLeaves(make, renamed(given, odd)), updatedLeaves(make, renamed(given, plain))];
    const lost = odd.find((path, i) => others.has(plain[i] as string) && !updated.has(path));
    return yesOrNo(
      lost === undefined ? null : `"${lost}" gets no update, as it does under a plain path`,
      `paths such as ${JSON.stringify(odd.slice(0, 3))}`,
    );
  },
};

function updatedLeaves<S>(make: () => GradientTransform<S>, given: TransformCase): Set<string> {
  const transform = make();
  return pathsOf(run(transform, paramsOf(given), gradientsOf(given, cycleOf(transform, given))).outputs);
}

/** Something inherited that is taken for a tensor turns into NaN at once. */
const finite: TransformLaw = {
  name: 'gives finite updates',
  async find(make, given) {
    const transform = make();
    const { outputs } = run(transform, paramsOf(given), gradientsOf(given, cycleOf(transform, given)));
    const strange = (await readTree(outputs)).find(({ tensor }) => tensor?.values.some((x) => !Number.isFinite(x)));
    return yesOrNo(strange ? `updates${strange.place} are not finite` : null, 'finite');
  },
};

/** The given shapes in turn under these paths, and those that keep theirs; thinned gradients have every other leaf. */
function renamed(given: TransformCase, paths: readonly string[]): TransformCase {
  const shapes = Object.values(given.shapes);
  const made = paths.map((path, i) => [path, shapes[i % shapes.length] ?? []] as const);
  const kept = given.named?.map((path) => [path, given.shapes[path] ?? []] as const) ?? [];
  const all = [...made, ...kept];
  const present = all.filter((_, i) => i % 2 === 0).map(([path]) => path);
  return { ...given, shapes: Object.fromEntries(all), present };
}

/** What is wrong where a law is broken, also if something throws; null if it holds. */
async function failure(
  law: TransformLaw,
  make: () => GradientTransform<unknown>,
  given: TransformCase,
): Promise<string | null> {
  try {
    await hold(law, make, given);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function pathsOf(outputs: readonly Params[]): Set<string> {
  return new Set(outputs.flatMap((updates) => Object.keys(updates)));
}

function only(grads: Params, paths: readonly string[]): Params {
  return Object.fromEntries(Object.entries(grads).filter(([path]) => paths.includes(path)));
}
