import type { Memory } from '../contract';

/** A piece of linear memory; `users` storages share it, and it is given back when the last one lets go. */
export interface Block {
  /** Where it begins now: any later allocation may move it. */
  offset: number;
  /** What was asked for. */
  bytes: number;
  /** The piece itself is at least as large as its class. */
  sizeClass: number;
  /** 0: it lies idle, and the next block of its class takes it. */
  users: number;
}

/** Kernels may read (never write) this far past the end of a block, so the last bytes of memory are never given out. */
const overread = 32;
/** Addresses have 32 bits. */
const most = 2 ** 32;

/**
 * Memory by size classes: eight per power of two (at most 1/8 is wasted), a list of idle pieces for each, and `top`, which
 * moves up when a list is empty. Every offset is a multiple of 16. A training loop asks for the same sizes over and over,
 * so as a rule a block is the last idle piece of its class, and nothing else is looked at.
 *
 * A program whose sizes change would leave ever more idle pieces behind. So `top` moves up only to twice what is alive, or
 * to the memory that was there from the start. Past that a larger idle piece is cut, and where there is none the blocks
 * are packed: each slides down, in order, to the end of the one before, and all that was idle lies above them in one. No
 * allocator that leaves blocks where they are could promise that (Robson 1974: for every one there is a program that
 * fills memory with blocks far apart). From one packing to the next as many bytes are newly taken as were alive, so what
 * is moved is at most what is written anyway. Where memory itself ends it is packed as often as there is need; then blocks
 * lose what their class wastes too, and what is alive may be all of it but the last 32 bytes.
 */
export class Allocator {
  private readonly idle: Block[][] = [];
  /** Every piece below `top`, idle ones too; in any order. */
  private pieces: Block[] = [];
  private readonly live = { tensors: 0, bytes: 0, peakBytes: 0 };
  /** How far `top` may rise before idle pieces are searched; it never falls. */
  private enough: number;
  private top: number;
  /** How often blocks were packed, and bytes that were moved by it. */
  readonly packed = { times: 0, bytes: 0 };

  /**
   * @param base where the first block begins
   * @param end how many bytes memory holds now
   * @param reach tries to grow memory to at least `bytes`, or to more, up to `enough`;
   * answers how many it holds now, fewer: it cannot
   * @param move copies a number of bytes to a lower or higher place, which may overlap the former one
   */
  constructor(
    private base: number,
    private end: number,
    private readonly reach: (bytes: number, enough: number) => number,
    private readonly move: (from: number, to: number, bytes: number) => void,
  ) {
    this.top = base;
    this.enough = end;
  }

  /** A block of `bytes`, or null when memory is exhausted. Others may have moved then. */
  allocate(bytes: number): Block | null {
    if (bytes > most) return null;
    const sizeClass = classOf(bytes);
    const block = this.idle[sizeClass]?.pop() ?? this.find(bytes, sizeClass);
    if (block === null) return null;
    block.bytes = bytes;
    block.users = 1;
    this.live.tensors += 1;
    this.live.bytes += bytes;
    if (this.live.bytes > this.live.peakBytes) this.live.peakBytes = this.live.bytes;
    return block;
  }

  release(block: Block): void {
    this.live.tensors -= 1;
    this.live.bytes -= block.bytes;
    this.rest(block);
  }
  private rest(block: Block): void {
    block.users = 0;
    const list = this.idle[block.sizeClass];
    if (list) list.push(block);
    else this.idle[block.sizeClass] = [block];
  }

  memory(): Memory {
    return { ...this.live };
  }
  resetPeak(): void {
    this.live.peakBytes = this.live.bytes;
  }

  /**
   * Where room begins that is never given back, moved or counted: below all blocks, which make way for it. Null when
   * memory is exhausted.
   */
  reserve(bytes: number): number | null {
    const room = roundUp(bytes);
    if (!this.pack(room, room)) return null;
    if (this.top > this.base) this.move(this.base, this.base + room, this.top - this.base);
    for (const block of this.pieces) block.offset += room;
    this.top += room;
    this.base += room;
    this.enough += room;
    return this.base - room;
  }

  /** An idle piece for a block whose class has none. */
  private find(bytes: number, sizeClass: number): Block | null {
    const size = sizeOfClass(sizeClass);
    const alive = this.live.bytes + 16 * this.live.tensors + roundUp(bytes); // the smallest piece has 16 bytes
    const before = this.enough;
    this.enough = Math.max(before, this.base + 2 * alive);
    const top = this.top + size;
    if (top <= this.enough && this.holds(top)) return this.extend(sizeClass, size);
    const larger = this.cut(sizeClass, size);
    if (larger !== null) return larger;
    if (!this.pack(size, roundUp(bytes))) {
      this.enough = before; // what was not to be had does not count
      return null;
    }
    if (this.holds(this.top + size)) return this.extend(sizeClass, size);
    return this.extend(classWithin(roundUp(bytes)), roundUp(bytes));
  }

  private holds(top: number): boolean {
    if (top + overread <= this.end) return true;
    this.end = Math.max(this.end, this.reach(top + overread, this.enough + overread));
    return top + overread <= this.end;
  }
  private extend(sizeClass: number, size: number): Block {
    const block = { offset: this.top, bytes: 0, sizeClass, users: 0 };
    this.pieces.push(block);
    this.top += size;
    return block;
  }

  /** The smallest larger piece that lies idle; what is left of it is a piece of its own. */
  private cut(sizeClass: number, size: number): Block | null {
    for (let larger = sizeClass + 1; larger < this.idle.length; larger++) {
      const block = this.idle[larger]?.pop();
      if (block === undefined) continue;
      const rest = sizeOfClass(larger) - size;
      const piece = { offset: block.offset + size, bytes: 0, sizeClass: classWithin(rest), users: 0 };
      this.pieces.push(piece);
      this.rest(piece);
      block.sizeClass = sizeClass;
      return block;
    }
    return null;
  }

  /**
   * Move all blocks together, so that `room` bytes follow them, or at least `leastRoom`; false where not even those
   * would, and then nothing has moved.
   */
  private pack(room: number, leastRoom: number): boolean {
    const blocks = this.pieces.filter(({ users }) => users > 0);
    const topOf = (size: (block: Block) => number): number =>
      blocks.reduce((sum, block) => sum + size(block), this.base);
    const spacious = this.holds(topOf(whole) + room);
    if (!spacious && !this.holds(topOf(needed) + leastRoom)) return false;
    this.pieces = blocks.sort((a, b) => a.offset - b.offset);
    this.idle.length = 0;
    this.packed.times += 1;
    let to = this.base;
    for (const block of blocks) {
      const size = spacious ? whole(block) : needed(block);
      if (!spacious) block.sizeClass = classWithin(size);
      if (block.offset !== to) {
        this.move(block.offset, to, block.bytes);
        this.packed.bytes += block.bytes;
        block.offset = to;
      }
      to += size;
    }
    this.top = to;
    return true;
  }
}

/** Bytes of a block with the waste of its size class, and without it. */
const whole = ({ sizeClass, bytes }: Block): number => Math.max(sizeOfClass(sizeClass), roundUp(bytes));
const needed = ({ bytes }: Block): number => roundUp(bytes);

/** Rounds up to a positive multiple of 16. */
function roundUp(bytes: number): number {
  return Math.max(16, Math.ceil(bytes / 16) * 16);
}

/** Classes 0…7 are 16, 32, …, 128 bytes; each further eight split the next power of two evenly. */
function classOf(bytes: number): number {
  if (bytes <= 128) return Math.max(0, Math.ceil(bytes / 16) - 1);
  const exponent = 31 - Math.clz32(bytes - 1); // 2^exponent < bytes ≤ 2^(exponent + 1)
  return (exponent - 6) * 8 + Math.ceil((bytes - 2 ** exponent) / 2 ** (exponent - 3)) - 1;
}

/** The largest size class whose blocks fit into `bytes`. */
function classWithin(bytes: number): number {
  const sizeClass = classOf(bytes);
  return sizeOfClass(sizeClass) > bytes ? sizeClass - 1 : sizeClass;
}

function sizeOfClass(sizeClass: number): number {
  if (sizeClass < 8) return (sizeClass + 1) * 16;
  const exponent = Math.floor(sizeClass / 8) + 6;
  return 2 ** exponent + ((sizeClass % 8) + 1) * 2 ** (exponent - 3);
}
