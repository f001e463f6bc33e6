// A plugin of typedoc: a method of `Tensor` is the op of the same name, so whose comment the reference shows.
// Loaded by typedoc.jsonc:
//   npm run docs
import { Converter, ReflectionKind } from 'typedoc';

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    const everything = project.getReflectionsByKind(ReflectionKind.SomeSignature | ReflectionKind.Variable);
    const ops = new Map(everything.filter(isOp).map((op) => [op.name, op]));
    const members = project.getReflectionsByKind(ReflectionKind.Property);
    for (const method of members.filter(({ parent }) => parent?.name === 'Tensor')) {
      if (!method.comment) method.comment = ops.get(method.name)?.comment?.clone();
    }
  });
}

/** A function of a module, or a constant of one that holds a function. */
function isOp(reflection) {
  const owner = reflection.kindOf(ReflectionKind.Variable) ? reflection.parent : reflection.parent?.parent;
  return reflection.comment !== undefined && (owner?.kindOf(ReflectionKind.Module) ?? false);
}
