import fc from 'fast-check';
import type { Memory } from '../../src/backend/contract';
import { Allocator, type Block } from '../../src/backend/wasm/allocator';

/** What a program does to memory: take a number of bytes, free the block of that rank (by age, modulo how many there are). */
export type Step = { readonly take: number } | { readonly free: number } | { readonly reserve: number };

/** Up to 300 bytes, or any size up to `most`, small and large ones alike. */
function sizes(most: number): fc.Arbitrary<number> {
  const anyScale = fc.double({ min: 0, max: Math.log2(most), noNaN: true }).map((log) => Math.floor(2 ** log));
  return fc.oneof({ weight: 1, arbitrary: fc.nat(300) }, { weight: 2, arbitrary: anyScale });
}

const free = fc.nat(1000).map((rank) => ({ free: rank }));

/** Takes and frees in any order; few frees at first, so that memory fills up. */
const mixed = (most: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      { weight: 6, arbitrary: sizes(most).map((take) => ({ take })) },
      { weight: 4, arbitrary: free },
      { weight: 1, arbitrary: fc.nat(most / 64).map((reserve) => ({ reserve })) },
    ),
    { maxLength: 200 },
  );

/** Rounds of equal blocks, each round of blocks that are larger by a share; some of the last round stay. */
const growing = (limit: number): fc.Arbitrary<Step[]> =>
  fc
    .record({
      first: fc.integer({ min: limit / 512, max: limit / 64 }),
      growth: fc.constantFrom(1.03, 1.125, 1.5, 2),
      share: fc.double({ min: 0.1, max: 0.95, noNaN: true }),
      kept: fc.nat(3),
      rounds: fc.integer({ min: 2, max: 16 }),
    })
    .map(({ first, growth, share, kept, rounds }) => {
      const steps: Step[] = [];
      let held = 0;
      for (let size = first, round = 0; round < rounds && size <= limit / 4; round++, size = Math.ceil(size * growth)) {
        for (; held > kept; held--) steps.push({ free: kept });
        for (const count = Math.floor((share * limit) / size); held < count; held++) steps.push({ take: size });
      }
      return steps;
    });

export const histories = (limit: number): fc.Arbitrary<Step[]> =>
  fc.oneof({ weight: 3, arbitrary: mixed(limit / 2) }, { weight: 1, arbitrary: growing(limit) });

/** Bytes of a block where none are wasted: a multiple of 16. */
const packed = (bytes: number): number => Math.max(16, Math.ceil(bytes / 16) * 16);

/**
 * An allocator over bytes of its own, up to `limit` of them, and the laws that it owes whatever is done to it. A block
 * holds its number in each of its bytes.
 */
export class WatchedMemory {
  readonly bytes: Uint8Array;
  readonly blocks: { block: Block; mark: number }[] = [];
  /** Rooms that were reserved, with their marks. */
  private readonly reserved: { from: number; bytes: number; mark: number }[] = [];
  readonly allocator: Allocator;
  /** What the system gave. */
  taken: number;
  private peak: number;
  private marks = 0;

  constructor(
    readonly limit: number,
    private readonly base = 64,
    private readonly start = 64,
  ) {
    this.bytes = new Uint8Array(limit);
    this.taken = start;
    this.peak = 0;
    this.allocator = new Allocator(
      base,
      start,
      (bytes, enough) => {
        if (bytes > limit) return 0;
        this.taken = Math.min(limit, Math.max(bytes, Math.min(enough, 1.25 * bytes)));
        return this.taken;
      },
      (from, to, count) => void this.bytes.copyWithin(to, from, from + count),
    );
  }

  private get held(): number {
    return this.blocks.reduce((sum, { block }) => sum + packed(block.bytes), 0);
  }
  private get kept(): number {
    return this.reserved.reduce((sum, { bytes }) => sum + packed(bytes), 0);
  }

  /** Do one step; which law it broke, or null. */
  step(step: Step): string | null {
    if ('take' in step) return this.take(step.take);
    if ('reserve' in step) return this.reserve(step.reserve);
    const [gone] = this.blocks.splice(step.free % Math.max(1, this.blocks.length), 1);
    if (gone === undefined) return null;
    const broken = this.intact(gone.block.offset, gone.block.bytes, gone.mark);
    this.allocator.release(gone.block);
    return broken;
  }

  private take(bytes: number): string | null {
    const fits = this.base + this.kept + this.held + packed(bytes) + 32 <= this.limit;
    const block = this.allocator.allocate(bytes);
    if (block === null) return fits ? `${bytes} bytes refused, ${this.held} of ${this.limit} held` : null;
    const mark = this.marks++ & 255;
    this.bytes.fill(mark, block.offset, block.offset + bytes);
    this.blocks.push({ block, mark });
    // A tensor counts 16 bytes more: the smallest piece has as many.
    const { bytes: live, tensors } = this.allocator.memory();
    this.peak = Math.max(this.peak, live + 16 * tensors);
    if (block.offset % 16 !== 0) return `${block.offset} is no multiple of 16`;
    if (block.offset + bytes + 32 > this.taken) return 'a kernel would read past the end of memory';
    const most = Math.max(this.start, this.base + 2 * this.peak) + this.kept + 32;
    if (this.taken > most) return `${this.taken} bytes taken, ${this.peak} live at most`;
    return null;
  }

  private reserve(bytes: number): string | null {
    const fits = this.base + this.kept + this.held + packed(bytes) + 32 <= this.limit;
    const from = this.allocator.reserve(bytes);
    if (from === null) return fits ? `${bytes} bytes not reserved, ${this.held} of ${this.limit} held` : null;
    const mark = this.marks++ & 255;
    this.bytes.fill(mark, from, from + bytes);
    this.reserved.push({ from, bytes, mark });
    return null;
  }

  private intact(from: number, bytes: number, mark: number): string | null {
    for (let i = from; i < from + bytes; i++) if (this.bytes[i] !== mark) return `a byte of block ${mark} is lost`;
    return null;
  }

  /** Every block has its bytes, none shares one with another, and the counts are right. */
  check(): string | null {
    const live = this.blocks.reduce((sum, { block }) => sum + block.bytes, 0);
    const { tensors, bytes } = this.allocator.memory() satisfies Memory;
    if (tensors !== this.blocks.length || bytes !== live) return `${tensors} tensors hold ${bytes} bytes, not ${live}`;
    for (const { from, bytes, mark } of this.reserved) {
      const broken = this.intact(from, bytes, mark);
      if (broken) return broken;
    }
    let end = 0;
    for (const { block, mark } of [...this.blocks].sort((a, b) => a.block.offset - b.block.offset)) {
      if (block.offset < end) return `two blocks share the byte ${block.offset}`;
      end = block.offset + block.bytes;
      const broken = this.intact(block.offset, block.bytes, mark);
      if (broken) return broken;
    }
    return null;
  }
}
