import { expect, it } from 'vitest';
import { imageBatch } from '../../../src/index';

// Two images of 2 × 3 pixels with 4 channels: byte = 100·image + 40·y + 10·x + channel, where all are different.
const [n, height, width, channels] = [2, 2, 3, 4] as const;
const byte = (image: number, c: number, y: number, x: number): number => 100 * image + 40 * y + 10 * x + c;
const bytes = new Uint8ClampedArray(n * height * width * channels);
for (let at = 0; at < bytes.length; at++) {
  const c = at % channels;
  const x = Math.floor(at / channels) % width;
  const y = Math.floor(at / channels / width) % height;
  bytes[at] = byte(Math.floor(at / channels / width / height), c, y, x);
}
const shape = [n, height, width, channels];

function expectImages(images: unknown, pixel: (image: number, c: number, y: number, x: number) => number): void {
  const range = (length: number): number[] => Array.from({ length }, (_, i) => i);
  const expected = range(n).map((i) =>
    range(channels).map((c) => range(height).map((y) => range(width).map((x) => Math.fround(pixel(i, c, y, x))))),
  );
  expect(images).toEqual(expected);
}

it('puts the channels before the pixels, in [0, 1]', async () => {
  const images = imageBatch(bytes, { shape });
  expect([images.shape, images.dtype]).toEqual([[2, 4, 2, 3], 'float32']);
  expectImages(await images.array(), (i, c, y, x) => byte(i, c, y, x) / 255);
  expect(Math.max(...imageBatch(Uint8Array.of(0, 255), { shape: [1, 1, 2, 1] }).dataSync())).toBe(1);
});

it('normalises all channels alike, or each by its own mean and deviation', async () => {
  const alike = imageBatch(new Uint8Array(bytes), { shape, mean: 0.5, std: 0.25 });
  expectImages(await alike.array(), (i, c, y, x) => (byte(i, c, y, x) / 255 - 0.5) / 0.25);
  const mean = [0.1, 0.2, 0.3, 0.4];
  const std = [1, 2, 4, 0.5];
  const own = imageBatch(bytes, { shape, mean, std });
  expectImages(await own.array(), (i, c, y, x) => (byte(i, c, y, x) / 255 - (mean[c] as number)) / (std[c] as number));
});

it('refuses other numbers of bytes and of channels, and divisions by 0', () => {
  expect(() => imageBatch(bytes.subarray(1), { shape })).toThrow(/image\/bytes/);
  expect(() => imageBatch(bytes, { shape, mean: [0, 0, 0] })).toThrow(/image\/bytes/);
  expect(() => imageBatch(bytes, { shape, std: [1] })).toThrow(/image\/bytes/);
  expect(() => imageBatch(bytes, { shape, std: [1, 1, 0, 1] })).toThrow(/std/);
  expect(() => imageBatch(bytes, { shape: [48] })).toThrow(/\[N, H, W, C\]/);
  expect(imageBatch(new Uint8Array(0), { shape: [0, 2, 2, 1] }).shape).toEqual([0, 1, 2, 2]);
});
