import { StateError } from '../base/errors';
import type { Params } from '../tensor/tensor';
import { type Member, Module, tensorsOf } from './module';

/** A function that throws if the model, or the record of parameters, has other tensors than now: a trainer would miss them. */
export function unchanged(trained: Module | Params): () => void {
  const list = (): readonly Member[] => (trained instanceof Module ? tensorsOf(trained) : membersOf(trained));
  const before = list();
  return () => {
    const now = list();
    const same = ({ path, tensor, role }: Member, i: number): boolean => {
      const other = before[i];
      return other !== undefined && other.tensor === tensor && other.role === role && other.path === path;
    };
    if (now.length !== before.length || !now.every(same)) throw changed(before, now);
  };
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
