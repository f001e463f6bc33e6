import type { Accelerators, Backend, Operand, Storage } from '../../backend/contract';
import { referenceBackend } from '../../backend/reference/backend';
import { dtypeOf, type TypedArray } from '../../base/dtype';
import type { Shape } from '../../base/shape';
import { expectClose, expectSameBits, flushed, nearest, readings } from '../close';
import { claimEqual } from '../violation';

/** Puts values where the backend under test can use them. */
type Put = (values: TypedArray, shape?: Shape) => Operand;
export type Program<More = unknown> = (backend: Backend & More, put: Put) => Storage | readonly Storage[];

/** A backend on trial beside the reference. */
export interface Trial {
  /** The backend on trial; made when the first law asks, and shared by all. */
  backend(): Backend;
  /** What a program returns on the backend on trial; checks that operands stay untouched and no memory stays behind. */
  results(program: Program): Promise<TypedArray[]>;
  /** The same on the reference. */
  expected(program: Program): Promise<TypedArray[]>;
  /** Both give the same, by default within the tolerance policy for sums of `terms` terms. */
  agree(program: Program, terms?: number, check?: Check): Promise<void>;
  /**
   * As `agree`, for a program of these accelerators: it holds of a backend that leaves one of them out, which owes
   * nothing there.
   */
  agreeWith<Name extends keyof Accelerators>(
    names: readonly Name[],
    program: Program<Pick<Accelerators, Name>>,
    terms?: number,
  ): Promise<void>;
  /** Values as far as the backend on trial owes them: all of them, unless it `flushes`. */
  owed<T extends TypedArray>(values: T): T;
}
type Check = (actual: TypedArray, expected: TypedArray, terms: number) => void;

export function trial(create: () => Backend): Trial {
  const reference = referenceBackend();
  let made: Backend | undefined;
  function backend(): Backend {
    if (made) return made;
    made = create();
    made.poison(true); // nothing may depend on what freed memory held
    return made;
  }
  const results: Trial['results'] = (program) => run(backend(), program);
  const expected: Trial['expected'] = (program) => run(reference, program);
  /** What may come out instead on a backend that flushes: for each way to read the operands, all results. */
  async function alternatives(program: Program): Promise<TypedArray[][]> {
    const all: TypedArray[][] = [];
    for (const read of backend().flushes ? readings : []) {
      all.push(await run(reference, (b, put) => program(b, (values, shape) => put(read(values), shape))));
    }
    return all;
  }
  const agree: Trial['agree'] = async (program, terms = 1, check = expectClose) => {
    const [actual, right] = [await results(program), await expected(program)];
    claimEqual('number of results', actual.length, right.length);
    const others = await alternatives(program);
    for (const [i, values] of actual.entries()) {
      const answers = [right, ...others].map((of) => of[i] as TypedArray);
      check(values, others.length > 0 ? nearest(values, answers) : (right[i] as TypedArray), terms);
    }
  };
  return {
    backend,
    results,
    expected,
    agree,
    async agreeWith(names, program, terms) {
      const has = (on: Backend): on is Backend & Accelerators => names.every((name) => on[name] !== undefined);
      if (has(backend())) await agree((on, put) => (has(on) ? program(on, put) : []), terms);
    },
    owed: (values) => (backend().flushes ? flushed(values) : values),
  };
}

async function run(on: Backend, program: Program): Promise<TypedArray[]> {
  const before = on.memory();
  const operands: { storage: Storage; values: TypedArray }[] = [];
  const mark = on.enter();
  const out = [
    program(on, (values, shape = [values.length]) => {
      const storage = on.fromHost(values.slice());
      operands.push({ storage, values });
      return { storage, shape, dtype: dtypeOf(values) };
    }),
  ].flat();
  const read = await Promise.all(out.map((storage) => on.read(storage)));
  for (const { storage, values } of operands) expectSameBits(await on.read(storage), values);
  on.leave(mark);
  for (const storage of [...out, ...operands.map((operand) => operand.storage)]) on.free(storage);
  claimEqual('memory() afterwards', { ...on.memory(), peakBytes: 0 }, { ...before, peakBytes: 0 });
  return read;
}
