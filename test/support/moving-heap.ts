import type { FullBackend } from '../../src/backend/contract';
import type { Block } from '../../src/backend/wasm/allocator';
import type { WasmDevice } from '../../src/backend/wasm/device';

/** What is behind the doors of `Allocator`. */
interface Inside {
  pieces: Block[];
  readonly idle: Block[][];
  readonly base: number;
  top: number;
  holds(top: number): boolean;
}

export const deviceOf = (on: FullBackend): WasmDevice => (on as unknown as { readonly device: WasmDevice }).device;

/**
 * The wasm backend with a heap in which every allocation moves every block, and leaves NaN where it was: an address that
 * outlives an allocation shows at once.
 */
export function moving(on: FullBackend): FullBackend {
  const { heap } = deviceOf(on);
  const { allocator } = heap;
  const inside = allocator as unknown as Inside;
  const allocate = allocator.allocate.bind(allocator);
  let turn = 0;
  const places = (blocks: readonly Block[], first: number): number[] => {
    let to = first;
    return blocks.map(({ bytes }) => {
      const place = to;
      to += Math.ceil((bytes * 1.25) / 16) * 16 + 48;
      return place;
    });
  };
  const moveAll = (): void => {
    const blocks = inside.pieces.filter(({ users }) => users > 0).reverse();
    let offsets: number[];
    do offsets = places(blocks, inside.base + 64 * (1 + (turn++ % 7)));
    while (offsets.some((offset, i) => offset === blocks[i]?.offset));
    const top = places([...blocks, { offset: 0, bytes: 0, sizeClass: 0, users: 0 }], offsets[0] ?? inside.base).at(-1);
    if (!inside.holds(top as number)) throw new Error('no room to move');
    const saved = blocks.map(({ offset, bytes }) => heap.ints.slice(offset / 4, (offset + bytes) / 4));
    heap.ints.fill(-1, inside.base / 4, Math.max(inside.top, top as number) / 4);
    blocks.forEach((block, i) => {
      block.offset = offsets[i] as number;
      heap.ints.set(saved[i] as Int32Array, block.offset / 4);
    });
    inside.pieces = blocks;
    inside.idle.length = 0;
    inside.top = top as number;
  };
  allocator.allocate = (bytes) => {
    moveAll();
    return allocate(bytes);
  };
  return on;
}
