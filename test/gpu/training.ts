import {
  adamSnsm,
  apollo,
  type Backend,
  coap,
  crossEntropy,
  flora,
  GPT,
  type GradientTransform,
  galore,
  grass,
  ldadam,
  MLP,
  memory,
  mseLoss,
  muon,
  projectors,
  random,
  referenceBackend,
  setBackend,
  sgd,
  sinkGD,
  subtrack,
  swan,
  type Trainer,
  tensor,
  trainer,
  vlorp,
} from '../../src/index';
import type { Law } from '../../src/laws';
import { claim, claimEqual } from '../../src/laws/violation';
import { countsOf, settled } from './device';

/**
 * How far the losses of ten steps may be from those of the reference, which sums in float64. Rounding of 2⁻²⁴ in every
 * sum, carried through ten updates that a factored second moment makes of unit size.
 */
const allowed = 2e-4;

/** A GPT with two heads on sequences that count up, trained with Flora; a new projection after every third step. */
function floraOnGpt(): Trainer<unknown, null> {
  const [vocabularySize, context, batch] = [11, 8, 4];
  const key = random.key(7);
  const model = new GPT({ vocabularySize, context, width: 16, heads: 2, layers: 2, key });
  const tokens = (shift: number): Int32Array =>
    Int32Array.from({ length: batch * context }, (_, i) => (i + 3 * Math.floor(i / context) + shift) % vocabularySize);
  const [ids, targets] = [0, 1].map((shift) => tensor(tokens(shift), { shape: [batch, context] }));
  return trainer({
    model,
    transform: flora({ learningRate: 0.02, rank: 4, refreshEvery: 3, seed: 3 }),
    loss: () => crossEntropy(model.forward(ids as never), targets as never),
    seed: 1,
  }) as Trainer<unknown, null>;
}

/** Four numbers to one, by gradient descent with momentum unless it is told otherwise. */
function mlp(seed: number, transform = plain()): Trainer<unknown, null> {
  const key = random.key(seed);
  const model = new MLP({ sizes: [4, 16, 1], activation: 'tanh', key });
  const x = random.normal(random.fold(key, 'x'), [32, 4]);
  const y = random.normal(random.fold(key, 'y'), [32, 1]);
  return trainer({
    model,
    transform,
    loss: () => mseLoss(model.forward(x), y),
    seed,
  }) as Trainer<unknown, null>;
}

const plain = (): GradientTransform<unknown> => sgd({ learningRate: 0.05, momentum: 0.9 });

const refreshing = { learningRate: 0.02, rank: 2, refreshEvery: 2, seed: 3 };

/**
 * Methods that have between them all parts that methods are made of. Not Q-GaLore, which must read values at once; nor signs
 * of what a projection leaves, which turn with a rounding error.
 */
const parts: Readonly<Record<string, () => GradientTransform<unknown>>> = {
  galore: () => galore(refreshing),
  apollo: () => apollo(refreshing),
  grass: () => grass(refreshing),
  vlorp: () => vlorp(refreshing),
  ldadam: () => ldadam({ learningRate: 0.02, rank: 2, seed: 3 }),
  subtrack: () => subtrack({ ...refreshing, stepSize: 10 }),
  coap: () => coap(refreshing),
  adamSnsm: () => adamSnsm(refreshing),
  muon: () => muon({ learningRate: 0.02 }),
  swan: () => swan({ learningRate: 0.02 }),
  sinkGD: () => sinkGD({ learningRate: 0.02 }),
};

async function lossesOf(training: Trainer<unknown, null>, steps: number): Promise<number[]> {
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) losses.push(await training.step(null).loss);
  return losses;
}

/** Runs on another backend, and comes back. */
async function on<T>(other: Backend, home: Backend, run: () => Promise<T>): Promise<T> {
  setBackend(other);
  try {
    return await run();
  } finally {
    setBackend(home);
  }
}

/** Whole training runs on a GPU: as the reference trains, in memory that stays flat, and side by side. */
export function trainingLaws(device: () => Backend, open: () => Promise<Backend>): Law[] {
  return [
    ...Object.entries(parts).map(([name, make]) => ({
      name: `training: four steps by ${name} lose as on the reference`,
      async holds() {
        const expected = await on(referenceBackend(), device(), () => lossesOf(mlp(5, make()), 4));
        const losses = await on(device(), device(), () => lossesOf(mlp(5, make()), 4));
        const off = Math.max(...losses.map((loss, i) => Math.abs(loss - (expected[i] as number))));
        claim(off <= allowed, `${off} from the reference: ${losses.join(', ')} and ${expected.join(', ')}`);
      },
    })),
    {
      name: 'training: ten steps of a GPT with Flora lose as on the reference',
      async holds() {
        const expected = await on(referenceBackend(), device(), () => lossesOf(floraOnGpt(), 10));
        const losses = await on(device(), device(), () => lossesOf(floraOnGpt(), 10));
        claim((expected.at(-1) as number) < 0.8 * (expected[0] as number), `the reference learns nothing: ${expected}`);
        const worst = Math.max(...losses.map((loss, step) => Math.abs(loss - (expected[step] as number))));
        claim(worst <= allowed, `losses are up to ${worst} away: ${losses}; expected ${expected}`);
      },
    },
    {
      name: 'training: projections are those of the reference, to the bit',
      async holds() {
        for (const name of ['gaussian', 'rademacher', 'coordinates'] as const) {
          const projector = projectors[name];
          /** What is left of the unit matrix: the projection itself, since each sum has one term that is not 0. */
          const entries = async (): Promise<readonly number[]> => {
            const unit = Float32Array.from({ length: 23 * 23 }, (_, i) => Number(i % 24 === 0));
            const p = projector.sample(random.key(5), [23, 23], 6, 2);
            return [...(await projector.down(p as never, tensor(unit, { shape: [23, 23] })).data())];
          };
          const expected = await on(referenceBackend(), device(), entries);
          const actual = await on(device(), device(), entries);
          const differing = actual.findIndex((x, i) => x !== expected[i]);
          claim(
            expected.some((x) => x !== 0),
            `${name}: the reference projects to nothing`,
          );
          claimEqual(`${name}: the first element that differs`, differing, -1);
        }
      },
    },
    {
      name: 'training: a thousand steps of an MLP leave nothing on the device',
      async holds() {
        const training = mlp(1);
        const [first] = await lossesOf(training, 20);
        await settled(device());
        const [heldBefore, before] = [countsOf(device()), memory()];
        const losses = await lossesOf(training, 980);
        await settled(device());
        const held = countsOf(device());
        const { tensors, bytes } = memory();
        claim((losses.at(-1) as number) < 0.9 * (first as number), `the loss went from ${first} to ${losses.at(-1)}`);
        // The collector may have taken what other laws have left, so less is fine.
        claim(
          tensors <= before.tensors && bytes <= before.bytes,
          `${tensors} tensors, ${bytes} bytes; ${before.tensors} and ${before.bytes} after 20 steps`,
        );
        claim(held.created > heldBefore.created + 5000, 'the device has hardly worked');
        const [now, then] = [held.created - held.deleted, heldBefore.created - heldBefore.deleted];
        claim(now <= then, `${now} references to device memory after 1,000 steps; ${then} after 20`);
      },
    },
    {
      name: 'training: two models side by side on one GPU do not disturb each other',
      async holds() {
        const alone: number[][] = [];
        for (const seed of [11, 12]) alone.push(await lossesOf(mlp(seed), 6));
        const other = await open();
        const first = mlp(11);
        const second = await on(other, device(), async () => mlp(12));
        const together: number[][] = [[], []];
        for (let step = 0; step < 6; step++) {
          const loss = first.step(null).loss; // not awaited: both have work in the queue
          together[1]?.push(await on(other, device(), async () => second.step(null).loss));
          together[0]?.push(await loss);
        }
        claimEqual('losses', together, alone);
      },
    },
  ];
}
