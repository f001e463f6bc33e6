import {
  callable,
  checkArgument,
  type OptionsOf,
  readOptions,
  refuseExtra,
  type Specification,
  type ValuesOf,
} from '../base/options';
import type { Figure } from './figure';
import type { Table } from './table';

/** Called now and then in long loops, with a word about how far it is; a promise is waited for. */
export type Pause = (text: string) => Promise<void> | undefined;

/** What a question is: everything that the command, a report and a notebook need of it is here. */
export interface QuestionSpec<S extends Specification, Row> {
  /** As it is typed: `floragrad study cosine`. */
  readonly name: string;
  /** The question, in one line. */
  readonly asks: string;
  /** What is measured, in sentences. */
  readonly about: string;
  /** A command that asks it. */
  readonly example: string;
  /** Options by name. Those of one name mean the same in every question, and the command types them the same way. */
  readonly options: S;
  /** What the command takes where it is told nothing: the shape of a random gradient, and ranks. */
  readonly usual?: {
    /** The shape of a random gradient. */
    readonly shape?: readonly [rows: number, columns: number];
    /** Rows of the projections. */
    readonly ranks?: readonly number[];
  };
  /** How many rows there will be. */
  count(read: ValuesOf<S>): number;
  /** The rows, one by one as they are found. A function of the options alone. */
  answer(read: ValuesOf<S>, pause: Pause): AsyncIterable<Row>;
  /** The rows as people read them. */
  table(rows: readonly Row[]): Table;
  /** What a reader must know to read table and figures: sentences. */
  reading(rows: readonly Row[]): readonly string[];
  /** What came out, in a sentence, where that can be said. */
  verdict?(rows: readonly Row[]): string;
  /** The rows as pictures. */
  figures(rows: readonly Row[]): readonly Figure[];
}

/** What comes of a question. */
export interface Answer<Row> {
  /** Plain data: what was measured, with standard errors and counts. */
  readonly rows: readonly Row[];
  /** Vega-Lite specifications with their data inside. */
  readonly figures: readonly Figure[];
}

/** A question that can be asked. */
export interface Question<S extends Specification = Specification, Row = unknown> {
  /** What it is made of. */
  readonly spec: QuestionSpec<S, Row>;
  /**
   * Measure, and draw. The same options give the same rows.
   * @throws OptionError those of its options
   */
  ask(options: OptionsOf<S>): Promise<Answer<Row>>;
  /** The rows one by one as they are found. @throws OptionError those of its options */
  rows(options: OptionsOf<S>, pause?: Pause): AsyncIterable<Row>;
}

const pauseKind = callable<Pause>('of a text');

/** Make a question of its parts. */
/* @__NO_SIDE_EFFECTS__ */
export function question<S extends Specification, Row>(spec: QuestionSpec<S, Row>): Question<S, Row> {
  const where = `questions.${spec.name}`;
  return {
    spec,
    async ask(options) {
      if (arguments.length > 1) refuseExtra(`${where}.ask`, arguments, 1);
      const read = readOptions(`${where}.ask`, spec.options, options);
      const rows: Row[] = [];
      for await (const row of spec.answer(read, () => undefined)) rows.push(row);
      return { rows, figures: spec.figures(rows) };
    },
    rows(options, pause = () => undefined) {
      if (arguments.length > 2) refuseExtra(`${where}.rows`, arguments, 2);
      checkArgument(`${where}.rows`, 'pause', pauseKind, pause);
      return spec.answer(readOptions(`${where}.rows`, spec.options, options), pause);
    },
  };
}
