import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Allocator, type Block } from '../../../../src/backend/wasm/allocator';
import { WasmHeap } from '../../../../src/backend/wasm/heap';

const kibibyte = 1024;

/** Memory that grows by exactly what is asked for, up to `limit` bytes. */
function allocator(limit: number): Allocator {
  return new Allocator(
    64,
    64,
    (bytes) => (bytes <= limit ? bytes : 0),
    () => {},
  );
}

describe('Allocator', () => {
  it('never hands out the same byte twice, aligns to 16, and counts exactly', () => {
    const sizes = fc.oneof(fc.nat(300), fc.nat(100 * kibibyte));
    const steps = fc.array(
      fc.oneof(
        sizes.map((bytes) => ({ bytes })),
        fc.nat().map((free) => ({ free })),
      ),
    );
    fc.assert(
      fc.property(steps, (drawn) => {
        const memory = allocator(2 ** 30);
        const live: Block[] = [];
        let peakBytes = 0;
        for (const step of drawn) {
          if ('free' in step) {
            const [block] = live.splice(step.free % Math.max(1, live.length), 1);
            if (block) memory.release(block);
          } else {
            const block = memory.allocate(step.bytes) as Block;
            expect(block.offset % 16).toBe(0);
            for (const { offset, bytes } of live) {
              expect(block.offset + block.bytes <= offset || offset + bytes <= block.offset).toBe(true);
            }
            live.push(block);
          }
          const bytes = live.reduce((sum, block) => sum + block.bytes, 0);
          peakBytes = Math.max(peakBytes, bytes);
          expect(memory.memory()).toEqual({ tensors: live.length, bytes, peakBytes });
        }
      }),
    );
  });
  it('gives a freed piece to the next block of its class', () => {
    const memory = allocator(kibibyte ** 2);
    const first = memory.allocate(1000) as Block;
    memory.release(first);
    expect(memory.allocate(1010)?.offset).toBe(first.offset);
  });
  it('wastes at most an eighth', () => {
    const memory = allocator(2 ** 33);
    for (const bytes of [129, 1025, 4097, 2 ** 20 + 1, 2 ** 31 + 1]) {
      const [start, next] = [memory.allocate(bytes) as Block, memory.allocate(16) as Block];
      expect((next.offset - start.offset) / bytes).toBeLessThan(1.13);
    }
  });
  it('is exhausted where memory that grew as far as it can is still too small', () => {
    const memory = new Allocator(
      64,
      64,
      () => 4 * kibibyte,
      () => {},
    );
    expect(memory.allocate(3 * kibibyte)).not.toBe(null);
    expect(memory.allocate(kibibyte)).toBe(null);
  });
  it('ends at 4 GiB of WebAssembly memory with an error that says so', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true }); // the system commits what is touched
    const heap = new WasmHeap(memory, 64);
    const most = 2 ** 32 / 2 ** 24 - 1;
    for (let i = 0; i < most; i++) expect(heap.make('float32', 2 ** 22).block?.offset).toBe(64 + i * 2 ** 24);
    expect(() => heap.make('float32', 2 ** 22)).toThrow(expect.objectContaining({ code: 'backend/out-of-memory' }));
    expect(heap.make('float32', 2 ** 21).block?.offset).toBe(64 + most * 2 ** 24); // what is left
    expect(() => heap.make('float32', 2 ** 21)).toThrow(`${most + 1} tensors hold ${most * 2 ** 24 + 2 ** 23} bytes`);
  });
  it('answers null when memory is exhausted, but takes a larger idle piece first', () => {
    const memory = allocator(10 * kibibyte);
    const large = memory.allocate(8 * kibibyte) as Block;
    expect(memory.allocate(4 * kibibyte)).toBe(null);
    memory.release(large);
    expect(memory.allocate(4 * kibibyte)?.offset).toBe(large.offset);
    expect(memory.allocate(2 ** 33)).toBe(null);
  });
});
