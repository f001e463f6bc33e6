import { type Params, StateError } from '../../index';

/** A run that is going on, and what is left of it if it dies. */
export interface Living {
  /** The name of the optimizer in messages. */
  readonly name: string;
  readonly step: number;
  /** The loss before this step's update; undefined where it is not known. */
  readonly loss?: number;
  /** Where its last checkpoint is, and of which step; undefined where nothing is saved. */
  readonly kept?: { readonly step: number; readonly folder: string };
}

/**
 * Look at what a step has made, before it takes the place of the last good checkpoint or becomes a result.
 * @throws StateError `cli/diverged`
 */
export async function checkAlive(parameters: Params, run: Living): Promise<void> {
  for (const [path, tensor] of Object.entries(parameters)) {
    const bad = (await tensor.data()).find((x) => !Number.isFinite(x));
    if (bad !== undefined) throw dead(run, `made ${path} hold ${bad}${after(run)}`);
  }
}

/** @throws StateError `cli/diverged` */
export function checkValidation(loss: number, run: Living): void {
  if (!Number.isFinite(loss)) throw dead(run, `leaves the validation loss at ${loss}${after(run)}`);
}

/** The loss of a step, or an error that says whose it was. @throws StateError `trainer/non-finite-loss` */
export async function lossOf(take: () => number | Promise<number>, run: () => Living): Promise<number> {
  try {
    return await take();
  } catch (error) {
    if (!(error instanceof StateError) || error.code !== 'trainer/non-finite-loss') throw error;
    const value = / is (\S+)$/.exec(error.got)?.[1] ?? 'not finite';
    throw dead(run(), `has the loss ${value}`, { code: error.code, cause: error });
  }
}

const after = ({ loss }: Living): string =>
  loss === undefined ? '' : `, after a loss of ${Number(loss.toPrecision(4))}`;

function dead(
  { name, step, kept }: Living,
  what: string,
  { code = 'cli/diverged', cause }: { code?: string; cause?: unknown } = {},
): StateError {
  const left = kept
    ? `its last finite checkpoint, of step ${kept.step}, is kept in ${kept.folder} for --resume`
    : 'no checkpoint of this run was saved';
  const parts = { code, got: `${name} died: step ${step} ${what}`, expected: 'finite numbers' };
  return new StateError({ ...parts, fix: `begin again with a lower --learning-rate; ${left}` }, { cause });
}
