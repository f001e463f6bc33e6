import { readdirSync, readFileSync } from 'node:fs';
import { type Tensor, tensor } from '../../src/index';
import type { Compared, Matrix } from './replay';

// Numbers that the programs of the authors of adapters gave, and of PEFT, followed through the public API.

/** One recorded case: its options, and arrays by name. What it has depends on the method. */
export interface AdapterRecord {
  readonly name: string;
  readonly dtype?: 'float32' | 'float64';
  readonly options: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** A recorded case as a row, as `Replay` is one of optimizers. */
export type AdapterReplay =
  | {
      /** The file of `test/golden/adapters`, without its end. */
      readonly file: string;
      readonly name: string;
      /** Each difference that is compared, and what it must stay below: what float32 storage allows, derived. */
      readonly follow: (one: AdapterRecord) => Compared | Promise<Compared>;
      /** The same with one rule read wrongly, which must miss by ten times what is allowed, in the last difference. */
      readonly unlike?: (one: AdapterRecord) => Compared | Promise<Compared>;
    }
  | { readonly file: string; readonly name: string; readonly notReproduced: string };

const folder = 'test/golden/adapters';

/** The names of the files of records. */
export const adapterFiles = (): string[] => readdirSync(folder).map((file) => file.replace('.json', ''));

/** All cases of a file. */
export function adapterRecords(file: string): readonly AdapterRecord[] {
  return (JSON.parse(readFileSync(`${folder}/${file}.json`, 'utf8')) as { cases: readonly AdapterRecord[] }).cases;
}

/** A recorded array. */
export function recorded(one: AdapterRecord, field: string): Matrix {
  return one[field] as Matrix;
}

export const recordedTensor = (one: AdapterRecord, field: string): Tensor => {
  const { data, shape } = recorded(one, field);
  return tensor(data, { shape });
};

/** Largest difference of an array from a recorded one, and `units` roundings to float32 of its largest element. */
export function comparedTo(actual: Tensor, { data }: Pick<Matrix, 'data'>, units: number): Compared {
  const values = actual.dataSync();
  if (values.length !== data.length) throw new Error(`got ${values.length} elements, the record has ${data.length}`);
  const size = Math.max(...data.map(Math.abs), 2 ** -126);
  const off = Math.max(0, ...data.map((x, i) => Math.abs((values[i] as number) - x)));
  // The record has nine digits.
  return { differences: [off], limits: [units * 2 ** -24 * size + 5e-9] };
}

/** Several comparisons as one. */
export function allCompared(...parts: readonly Compared[]): Compared {
  return {
    differences: parts.flatMap(({ differences }) => differences),
    limits: parts.flatMap(({ limits }) => limits),
  };
}
