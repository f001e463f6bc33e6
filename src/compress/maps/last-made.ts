/**
 * What `make` makes of a projection, kept until it is asked of another one: a step projects down and up again with the
 * same projection, and what that one draws need not be drawn twice. One result is alive at a time, however many
 * parameters are compressed, and nothing depends on it.
 */
/* @__NO_SIDE_EFFECTS__ */
export function lastMade<P extends object, T>(make: (projection: P) => T): (projection: P) => T {
  let last: { readonly projection: P; readonly made: T } | null = null;
  return (projection) => {
    if (last?.projection !== projection) last = { projection, made: make(projection) };
    return last.made;
  };
}
