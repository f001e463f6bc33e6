import { backend } from '../../backend/current';
import type { TypedArray } from '../../base/dtype';
import { BackendError, StateError } from '../../base/errors';
import { boolean, type OptionsOf, optional, readOptions, refuseExtra } from '../../base/options';
import type { Value } from '../value';

export const debugging = { nonFinite: false };

/** Checks of results that a device has not computed yet. */
const late = {
  /** Ends when all of them have. */
  tail: Promise.resolve(),
  /** What the first of them that failed, in the order of the program, has to say, until it is thrown. */
  failure: null as { readonly error: unknown } | null,
};

const debugOptions = {
  /** Stop at the first op that makes NaN or infinity and name it; slow. */
  nonFinite: optional(boolean),
  /** Overwrite freed memory of the current backend with NaN. */
  poison: optional(boolean),
};

/** What to look for; a switch that is left out stays as it is. */
export interface DebugOptions extends OptionsOf<typeof debugOptions> {}

/**
 * Switches for finding a fault. `nonFinite`: stop at the first op that makes NaN or infinity and name it; reads every
 * result, so it is slow. Where the device answers later, the error comes with a later op, at the latest with the next
 * read. `poison`: overwrite freed memory of the current backend with NaN.
 */
export function debug(options: DebugOptions): void {
  if (arguments.length > 1) refuseExtra('debug', arguments, 1);
  const { nonFinite, poison } = readOptions('debug', debugOptions, options);
  if (nonFinite !== undefined) {
    debugging.nonFinite = nonFinite;
    late.failure = null;
  }
  if (poison !== undefined) backend().poison(poison);
}

/** @throws StateError `debug/non-finite`, of this value or of an earlier one that has been computed meanwhile */
export function checkFinite(where: string, value: Value): void {
  throwLate();
  const { backend, storage } = value;
  let known: TypedArray;
  try {
    known = backend.readSync(storage);
  } catch (error) {
    if (!(error instanceof BackendError) || error.code !== 'read/sync') throw error;
    checkLater(where, value);
    return;
  }
  judge(where, String(value), known);
}

/** Called before a read returns its values: checks that everything computed so far was finite. @throws StateError `debug/non-finite` */
export async function finiteSoFar(): Promise<void> {
  await late.tail;
  throwLate();
}

/** A second life of the storage waits for the device, since the first may be over by then. */
function checkLater(where: string, value: Value): void {
  const { backend, storage } = value;
  const what = String(value);
  const kept = backend.alias(storage);
  const check = backend
    .read(kept)
    .then((values) => judge(where, what, values))
    .finally(() => backend.free(kept));
  const before = late.tail;
  late.tail = check.then(
    () => before,
    async (error: unknown) => {
      await before;
      if (debugging.nonFinite) late.failure ??= { error };
    },
  );
}

function throwLate(): void {
  const { failure } = late;
  late.failure = null;
  if (failure !== null) throw failure.error;
}

function judge(where: string, what: string, values: TypedArray): void {
  const bad = values.findIndex((x) => !Number.isFinite(x));
  if (bad < 0) return;
  throw new StateError({
    code: 'debug/non-finite',
    got: `${where} made ${what} whose element ${bad} is not finite`,
    expected: 'finite numbers',
    fix: 'look at the inputs of this op; a smaller learning rate or an epsilon often helps',
  });
}
