import {
  type Backend,
  BackendError,
  debug,
  exp,
  log,
  matmul,
  mul,
  StateError,
  setBackend,
  tensor,
  zeros,
} from '../../src/index';
import type { Law } from '../../src/laws';
import { claim, claimEqual } from '../../src/laws/violation';
import { lose } from './device';

/** The error that this ends in, at once or later. */
async function failureOf(run: () => unknown): Promise<Error | null> {
  try {
    await run();
    return null;
  } catch (error) {
    return error as Error;
  }
}

/** @throws Violation unless the run fails with this code and these words */
async function claimFailure(code: string, words: RegExp, run: () => unknown): Promise<void> {
  const error = await failureOf(run);
  const got = error instanceof BackendError || error instanceof StateError ? error.code : String(error);
  claimEqual('code', got, code);
  claim(words.test(String(error?.message)), `the message does not say ${words}: ${error?.message}`);
}

/** What goes wrong says so, and what comes after works. */
export function faultLaws(device: () => Backend): Law[] {
  /** The smallest sides whose product is larger than the device takes. */
  const side = (): number => Math.ceil(Math.sqrt((device().describe().maximumBytes as number) / 4)) + 1;
  return [
    {
      name: 'faults: a product too large for the device names its limit and the way out',
      async holds() {
        const [column, row] = [zeros([side(), 1]), zeros([1, side()])];
        await claimFailure('gpu/too-large', /at most .* bytes.*limits of this device.*split/s, () =>
          matmul(column, row),
        );
        claimEqual('a product after that', await matmul(tensor([[2]]), tensor([[3]])).item(), 6);
      },
    },
    {
      name: 'faults: debug names the op that made infinity, at the latest at the next read',
      async holds() {
        debug({ nonFinite: true });
        try {
          const x = tensor([1, 200]);
          await claimFailure('debug/non-finite', /exp made a tensor \[2\] made by exp whose element 1 /, async () => {
            const late = mul(exp(x), 0);
            await late.data();
          });
          claimEqual('what comes after that', await mul(x, 2).array(), [2, 400]);
          await claimFailure('debug/non-finite', /log made .* element 0 /, async () => {
            log(tensor([-1]));
            await x.data(); // of something else
          });
        } finally {
          debug({ nonFinite: false });
        }
      },
    },
    {
      name: 'faults: debug names an upload that is not finite',
      async holds() {
        debug({ nonFinite: true });
        try {
          await claimFailure('debug/non-finite', /tensor made .* element 2 /, () => tensor([1, 2, Number.NaN]));
        } finally {
          debug({ nonFinite: false });
        }
      },
    },
  ];
}

/** Comes last: takes the device away, and ends with another. */
export function lossLaws(device: () => Backend, open: () => Promise<Backend>): Law[] {
  return [
    {
      name: 'faults: a lost device says so, at reads and at ops, and another one can be opened',
      async holds() {
        const x = mul(tensor([1, 2]), 2);
        await x.data();
        await lose(device());
        await claimFailure('gpu/lost', /was lost.*setBackend\(await gpu\(\)\)/s, () => x.data());
        await claimFailure('gpu/lost', /was lost/, () => mul(x, 2).data());
        const next = await open();
        setBackend(next);
        claimEqual('on the next device', await mul(tensor([1, 2]), 2).array(), [2, 4]);
      },
    },
  ];
}
