import { BackendError, OptionError, tensor } from '../../index';
import { type Communicator, inProcess, type Seat, takeSeat } from '../../mpi';
import { launched } from '../../mpi/library';
import { checkShards } from '../../mpi/shards';
import type { Wire } from './wire';

/** How a training is cut into shards, and how their gradients come together. */
export interface Sharing {
  readonly comm: Communicator;
  /** Parts of a step. */
  readonly shards: number;
  readonly wire: Wire;
  /** Rank of what goes over the wire where that is compressed. */
  readonly wireRank: number;
}

/** What the options of a command say of it. */
export interface SharingSettings {
  readonly ranks?: number | undefined;
  readonly shards?: number | undefined;
  readonly wire: Wire;
  readonly wireRank: number;
  readonly batch: number;
  readonly checkpoint?: string | undefined;
  readonly resume?: string | undefined;
}

/** Parts of a step, of this many ranks. */
const shardsOf = ({ shards }: Pick<SharingSettings, 'shards'>, ranks = 1): number => shards ?? ranks;

/**
 * Refuse what cannot be shared, as far as the options and the launcher tell.
 * @throws OptionError `cli/shards`, `cli/wire`, `mpi/shards`
 */
export function checkSharing(settings: SharingSettings, ranks = settings.ranks ?? launched(process.env)?.size): void {
  const { wire, batch, checkpoint, resume } = settings;
  const shards = shardsOf(settings, ranks);
  if (ranks !== undefined) checkShards(shards, { size: ranks, order: 'tree' });
  else if (!Number.isInteger(Math.log2(shards))) throw notPower(shards);
  if (batch % shards !== 0) throw unevenBatch(batch, shards);
  if (wire !== 'powersgd') return;
  if (ranks !== undefined && shards !== ranks) throw notPerRank(shards, ranks);
  if ((checkpoint ?? resume) !== undefined) throw errorMemory();
}

/**
 * How a training is shared: null where one process takes its steps whole, as it would without this room.
 * @param comm null where no launcher started this process
 * @throws OptionError `cli/ranks`, `cli/shards`, `cli/wire`, `mpi/shards`
 */
export function sharingOf(settings: SharingSettings, comm: Communicator | null): Sharing | null {
  const size = comm?.size ?? 1;
  checkSharing(settings, size);
  const shards = shardsOf(settings, size);
  const { wire, wireRank } = settings;
  if (shards === 1 && wire === 'dense') return null;
  checkReads();
  return { comm: comm ?? takeSeat(inProcess(1)[0] as Seat), shards, wire, wireRank };
}

/** Gradients are handed to MPI as numbers, in the middle of a step. */
function checkReads(): void {
  try {
    tensor(0).dataSync();
  } catch (error) {
    if (!(error instanceof BackendError) || error.code !== 'read/sync') throw error;
    throw new OptionError({
      code: 'cli/ranks',
      got: 'several ranks or shards, and a backend whose numbers are not to be had at once',
      expected: 'a backend of which a step can read gradients',
      fix: 'leave out --backend, or --ranks and --shards',
    });
  }
}

function notPower(shards: number): OptionError {
  return new OptionError({
    code: 'cli/shards',
    got: `--shards ${shards} in one process`,
    expected: 'a power of two: sums go along a binary tree, whose bits do not depend on the ranks that share it',
    fix: `take ${2 ** Math.floor(Math.log2(shards))}`,
  });
}

function unevenBatch(batch: number, shards: number): OptionError {
  return new OptionError({
    code: 'cli/shards',
    got: `--batch ${batch} for ${shards} shards, one a rank where --shards says nothing`,
    expected: 'a batch that is a multiple of the shards, since the mean of all gradients gives each the same weight',
    fix: `try --batch ${shards * Math.ceil(batch / shards)}`,
  });
}

function notPerRank(shards: number, ranks: number): OptionError {
  return new OptionError({
    code: 'cli/wire',
    got: `--wire powersgd with ${shards} shards on ${ranks} ${ranks === 1 ? 'rank' : 'ranks'}`,
    expected: 'a shard a rank: each keeps the error of its own gradients',
    fix: 'leave out --shards, or take --wire flora',
  });
}

function errorMemory(): OptionError {
  return new OptionError({
    code: 'cli/wire',
    got: '--wire powersgd with --checkpoint or --resume',
    expected: 'a wire without a memory: each rank keeps errors of its own, and a checkpoint is of rank 0',
    fix: 'take --wire flora or dense, or leave checkpoints out',
  });
}
