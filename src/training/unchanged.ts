import { StateError } from '../base/errors';
import { type Member, Module, type Role, roleOf, tensorsOf, visitModule } from '../nn/module';
import type { Params, Tensor } from '../tensor/tensor';
import { isTensor } from '../tensor/tree';

/** A function that throws if the model, or the record of parameters, has other tensors than now: a trainer would miss them. */
export function unchanged(trained: Module | Params): () => void {
  const list = (): readonly Member[] => (trained instanceof Module ? tensorsOf(trained) : membersOf(trained));
  const before = list();
  let holdsStill = stillness(trained);
  return () => {
    if (holdsStill()) return; // the usual case, which builds no paths
    const now = list();
    const same = ({ path, tensor, role }: Member, i: number): boolean => {
      const other = before[i];
      return other !== undefined && other.tensor === tensor && other.role === role && other.path === path;
    };
    if (now.length !== before.length || !now.every(same)) throw changed(before, now);
    holdsStill = stillness(trained); // another field has changed, such as a count
  };
}

/**
 * A function that says whether every object that a search of the model looks into has the same members under the same
 * names, and every tensor the same role. False may also mean a change that does not matter.
 */
function stillness(trained: Module | Params): () => boolean {
  const tensors = new Map<Tensor, Role | null>();
  const note = (found: unknown): void => {
    if (isTensor(found)) tensors.set(found, roleOf(found));
  };
  const nodes = trained instanceof Module ? visitModule(trained, note) : new Set<object>([trained]);
  const holders = [...nodes].map((node) => ({ node, names: namesIn(node), members: membersIn(node) }));
  const roles = [...tensors].map(([tensor, role]) => ({ tensor, role }));
  return () => {
    for (const holder of holders) if (!hasStill(holder)) return false;
    for (const { tensor, role } of roles) if (roleOf(tensor) !== role) return false;
    return true;
  };
}

interface Holder {
  readonly node: object;
  /** Names of the members that are objects. */
  readonly names: readonly unknown[];
  readonly members: readonly unknown[];
}

function entriesOf(node: object): (readonly [name: unknown, member: unknown])[] {
  const entries = node instanceof Map || node instanceof Set ? [...node.entries()] : Object.entries(node);
  return entries.filter(([, member]) => typeof member === 'object' && member !== null);
}

const namesIn = (node: object): unknown[] => entriesOf(node).map(([name]) => name);
const membersIn = (node: object): unknown[] => entriesOf(node).map(([, member]) => member);

function hasStill({ node, names, members }: Holder): boolean {
  let at = 0;
  if (node instanceof Map || node instanceof Set) {
    const now = entriesOf(node);
    return now.length === names.length && now.every(([name, member], i) => name === names[i] && member === members[i]);
  }
  for (const name in node) {
    const member = (node as Readonly<Record<string, unknown>>)[name];
    if (typeof member !== 'object' || member === null) continue;
    if (members[at] !== member || names[at] !== name) return false;
    at += 1;
  }
  return at === members.length;
}

function membersOf(params: Params): Member[] {
  return Object.entries(params).map(([path, tensor]) => ({ path, tensor, role: 'trained' }));
}

function changed(before: readonly Member[], now: readonly Member[]): StateError {
  const [old, young] = [byPath(before), byPath(now)];
  const where = {
    'new: ': now.filter(({ path }) => !old.has(path)),
    'gone: ': before.filter(({ path }) => !young.has(path)),
    'another tensor: ': now.filter(({ path, tensor }) => old.has(path) && old.get(path)?.tensor !== tensor),
    'frozen, unfrozen or made a buffer: ': now.filter(({ path, tensor, role }) => {
      const known = old.get(path);
      return known?.tensor === tensor && known.role !== role;
    }),
  };
  const changes = Object.entries(where).filter(([, members]) => members.length > 0);
  const said = changes.map(([what, members]) => what + list(members)).join('; ') || 'the order of fields';
  return new StateError({
    code: 'trainer/model-changed',
    got: `since the trainer was made, its model has changed: ${said}`,
    expected: 'the tensors that it was made with, which alone are trained',
    fix:
      'keep an activation in a local variable or a #private field, and state that is not trained in a buffer(t) that ' +
      'updateBuffer moves; give a weight new values with model.load(…); make a new trainer after a change of layers',
  });
}

function byPath(members: readonly Member[]): Map<string, Member> {
  return new Map(members.map((member) => [member.path, member]));
}

function list(members: readonly Member[]): string {
  const shown = members.slice(0, 5).map(({ path }) => `"${path}"`);
  return shown.join(', ') + (members.length > 5 ? ` and ${members.length - 5} more` : '');
}
