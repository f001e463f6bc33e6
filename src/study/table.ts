/** One column of a table: its heading, and how to show a row in it. */
export interface Column<Row> {
  /** At the head. */
  readonly heading: string;
  /** Numbers stand on the right (default left). */
  readonly align?: 'left' | 'right';
  /** The text of a row in this column. */
  readonly cell: (row: Row) => string;
}

/** A table as text: one column for each heading, one line of cells for each row. */
export interface Table {
  /** Headings and sides. */
  readonly columns: readonly Omit<Column<never>, 'cell'>[];
  /** Cells, a list for each row. */
  readonly lines: readonly (readonly string[])[];
}

/** The table of these rows. */
export function tableOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): Table {
  return {
    columns: columns.map(({ cell: _, ...column }) => column),
    lines: rows.map((row) => columns.map(({ cell }) => cell(row))),
  };
}
