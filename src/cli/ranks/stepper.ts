import type { TextBatch } from '../../data/text-dataset';
import { type Key, OptionError, random, type Tensor } from '../../index';
import { ownShards } from '../../mpi';
import { type Trainer, type TrainerOptions, trainer } from '../../training';
import { checkLoss } from '../../training/trainer-errors';
import type { Sharing } from './sharing';

/** A training that takes whole steps, however they are shared. */
export interface Stepper<S> {
  /** One step, counted from 1, on a whole batch: the mean loss before the update. */
  step(batch: TextBatch, step: number): number | Promise<number>;
  readonly training: Pick<Trainer<S, never>, 'state' | 'parameters'>;
}

/** A part of a batch, as the trainer of one rank gets it. */
interface Shard {
  readonly batch: TextBatch;
  readonly step: number;
  /** Which of all shards. */
  readonly index: number;
}

/**
 * A trainer whose steps are shared by the ranks: each takes the gradients of its own shards, one after the other, and the
 * transform, which `overWire` has made, hands out the mean after the last. Everything that has an effect on numbers goes by
 * the shard and the step: which windows of the batch, and the key of dropout.
 *
 * All ranks see the losses of all shards before they go back through the model, so that a loss that is not finite on one
 * rank stops all of them, with the same error, before any of them waits for a gradient that does not come.
 * @throws OptionError `cli/ranks` for a training that evaluates its loss more than once in a step
 */
export function stepper<S>(options: TrainerOptions<S, TextBatch>, sharing: Sharing | null): Stepper<S> {
  if (sharing === null) {
    const training = trainer(options);
    return { training, step: (batch) => training.step(batch).loss };
  }
  if (options.gradients) throw evaluatesTwice();
  const { comm, shards } = sharing;
  const own = ownShards(comm, shards);
  const root = random.key(options.seed);
  /** Losses of the step under way, by shard. */
  const losses: number[] = [];
  const training = trainer<S, Shard>({
    ...options,
    loss({ batch, step, index }) {
      const value = options.loss(partOf(batch, index, shards), { key: keyOf(root, step, index) });
      const found = comm.gather(bytesOf(value.dataSync()[0] as number)).map(numberOf);
      for (const loss of found) checkLoss(loss, step - 1);
      const turn = index - (own[0] as number);
      found.forEach((loss, rank) => {
        losses[rank * own.length + turn] = loss;
      });
      return value;
    },
  });
  return {
    training,
    step(batch, step) {
      for (const index of own) training.step({ batch, step, index });
      return losses.reduce((sum, loss) => sum + loss, 0) / shards;
    },
  };
}

/** Windows i·batch/shards … of a batch. */
export function partOf({ ids, targets }: TextBatch, index: number, shards: number): TextBatch {
  const [batch, context] = ids.shape as [number, number];
  const size = batch / shards;
  const part = (x: Tensor): Tensor => x.slice([index * size, 0], [(index + 1) * size, context]);
  return { ids: part(ids), targets: part(targets) };
}

/** The key of a shard: the trainer's own would count the shards that this rank has had. */
const keyOf = (root: Key, step: number, index: number): Key => random.fold(root, 'step', step, 'shard', index);

const bytesOf = (x: number): Uint8Array => new Uint8Array(Float64Array.of(x).buffer);
const numberOf = ({ buffer }: Uint8Array): number => new Float64Array(buffer)[0] as number;

function evaluatesTwice(): OptionError {
  return new OptionError({
    code: 'cli/ranks',
    got: 'several ranks or shards for a method that evaluates its loss more than once in a step',
    expected: 'one gradient of each shard, whose mean is that of the batch',
    fix: 'leave --ranks and --shards out for this method',
  });
}
