/** Rows by what they have in common, in the order in which it is first seen. */
export function groupsOf<Row, Name extends string | number>(
  rows: readonly Row[],
  nameOf: (row: Row) => Name,
): Map<Name, Row[]> {
  const groups = new Map<Name, Row[]>();
  for (const row of rows) {
    const name = nameOf(row);
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  return groups;
}
