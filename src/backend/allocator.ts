import type { Memory } from './backend';

/** A piece of linear memory; `users` storages share it, and it is given back when the last one lets go. */
export interface Block {
  readonly offset: number;
  /** What was asked for; the piece itself is as large as its class. */
  readonly bytes: number;
  readonly sizeClass: number;
  users: number;
}

/** Kernels may read (never write) this far past the end of a block, so the last bytes of memory are never given out. */
const overread = 32;
/** Addresses have 32 bits. */
const most = 2 ** 32;

/**
 * Memory by size classes: eight per power of two (at most 1/8 is wasted), a list of free pieces for each, and a
 * pointer that moves up when a list is empty. Every offset is a multiple of 16. A training loop asks for the same
 * sizes over and over, so pieces are neither split nor merged: training that fills the 4 GiB ends at 94 % and more of
 * them (docs/scale.md), and to merge idle neighbours and cut them anew when memory is full made it end earlier.
 */
export class Allocator {
  private readonly free: number[][] = [];
  private live = { tensors: 0, bytes: 0, peakBytes: 0 };

  /** @param reach makes memory hold at least so many bytes if it can, and answers how many it holds now; fewer: it cannot */
  constructor(
    private top: number,
    private end: number,
    private readonly reach: (bytes: number) => number,
  ) {}

  /** A block of `bytes`, or null when memory is exhausted. */
  allocate(bytes: number): Block | null {
    if (bytes > most) return null;
    let sizeClass = classOf(bytes);
    let offset = this.free[sizeClass]?.pop() ?? this.extend(sizeOfClass(sizeClass));
    // Memory is full: a larger piece that lies idle will do.
    while (offset === undefined && sizeClass < this.free.length) offset = this.free[++sizeClass]?.pop();
    if (offset === undefined) return null;
    this.live.tensors += 1;
    this.live.bytes += bytes;
    if (this.live.bytes > this.live.peakBytes) this.live.peakBytes = this.live.bytes;
    return { offset, bytes, sizeClass, users: 1 };
  }

  release(block: Block): void {
    this.live.tensors -= 1;
    this.live.bytes -= block.bytes;
    const list = this.free[block.sizeClass];
    if (list) list.push(block.offset);
    else this.free[block.sizeClass] = [block.offset];
  }

  memory(): Memory {
    return { ...this.live };
  }
  resetPeak(): void {
    this.live.peakBytes = this.live.bytes;
  }

  /** Where room begins that is never given back and not counted; null when memory is exhausted. */
  reserve(bytes: number): number | null {
    return this.extend(Math.ceil(bytes / 16) * 16) ?? null;
  }

  private extend(bytes: number): number | undefined {
    const top = this.top + bytes;
    if (top + overread > this.end) {
      const end = this.reach(top + overread);
      if (end < top + overread) return undefined;
      this.end = end;
    }
    const offset = this.top;
    this.top = top;
    return offset;
  }
}

/** Classes 0…7 are 16, 32, …, 128 bytes; each further eight split the next power of two evenly. */
function classOf(bytes: number): number {
  if (bytes <= 128) return Math.max(0, Math.ceil(bytes / 16) - 1);
  const exponent = 31 - Math.clz32(bytes - 1); // 2^exponent < bytes ≤ 2^(exponent + 1)
  return (exponent - 6) * 8 + Math.ceil((bytes - 2 ** exponent) / 2 ** (exponent - 3)) - 1;
}

function sizeOfClass(sizeClass: number): number {
  if (sizeClass < 8) return (sizeClass + 1) * 16;
  const exponent = Math.floor(sizeClass / 8) + 6;
  return 2 ** exponent + ((sizeClass % 8) + 1) * 2 ** (exponent - 3);
}
