import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { bytesOf } from '../../../../src/backend/wasm/bytes-of';
import { baseline, digest } from '../../../../src/backend/wasm/generated/wasm-binaries';
import { binaryOf } from '../../../../src/backend/wasm/module';

it('the text of the kernels gives the bytes that were compiled, of both builds', () => {
  const hash = createHash('sha256').update(binaryOf('baseline')).update(binaryOf('relaxed'));
  expect(hash.digest('hex').slice(0, 16)).toBe(digest);
});

it('compresses as well as the bytes do', () => {
  const [text, bytes] = [gzipSync(baseline).length, gzipSync(bytesOf(baseline)).length];
  expect(text).toBeLessThan(1.02 * bytes); // base64 takes 1.3 times as much
});
