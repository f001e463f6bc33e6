import { parseArgs } from 'node:util';
import {
  crossEntropy,
  flora,
  GPT,
  memory,
  random,
  type Storage,
  setBackend,
  type Tensor,
  tensor,
  trainer,
  wasmBackend,
} from '../src/index';

// What the wasm heap takes from the system for what lives in it, on real memory, up to 5 GB of it. After
//   npx esbuild bench/scale-heap.ts --bundle --platform=node --format=esm --outfile=bench/dist/scale-heap.mjs
// each part in a process of its own, since resident memory belongs to the process:
//   node bench/dist/scale-heap.mjs --only lengths     a GPT on sequences that grow from step to step
//   node bench/dist/scale-heap.mjs --only eighths     blocks that grow by an eighth, at most 600 MB alive
//   node bench/dist/scale-heap.mjs --only refusal     small tensors after memory was full once
//   node bench/dist/scale-heap.mjs --only ninety      blocks of up to 1 GiB, 90 % of 4 GiB alive, and their values

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0).padStart(5);

function say(what: string): void {
  const { bytes, peakBytes } = memory();
  const rss = process.memoryUsage.rss();
  console.log(
    `${what.padEnd(34)} live ${megabytes(bytes)} MB, peak ${megabytes(peakBytes)} MB, resident ${megabytes(rss)} MB`,
  );
}

/** A training on windows that get longer: every step asks for sizes that none asked for before. */
function lengths(): void {
  const [context, batch, vocabularySize] = [768, 4, 96];
  const model = new GPT({ vocabularySize, context, width: 128, heads: 4, layers: 4, key: random.key(0) });
  let length = 0;
  const windows = (seed: number): Tensor => {
    const ids = Int32Array.from({ length: batch * length }, (_, i) => (i * i + seed * i) % vocabularySize);
    return tensor(ids, { shape: [batch, length] });
  };
  const transform = flora({ learningRate: 1e-3, rank: 8, beta: 0.9 });
  const loss = (): Tensor => crossEntropy(model.forward(windows(1)), windows(2));
  const training = trainer({ model, transform, loss, seed: 0 });
  for (length = 16; length <= context; length += 8) {
    training.step(null);
    if (length % 128 === 0) say(`windows of ${length}`);
  }
}

/** 600 MB of equal blocks, again and again, each time of blocks that are larger by an eighth. */
function eighths(): void {
  const backend = wasmBackend();
  setBackend(backend);
  const most = 600e6;
  const held: ReturnType<typeof backend.random>[] = [];
  try {
    for (let size = 250e3, round = 1; round <= 24; size = Math.ceil((size * 9) / 8), round++) {
      for (const storage of held.splice(0)) backend.free(storage);
      while (memory().bytes + 4 * size <= most) held.push(backend.random('rademacher', [1, round], [size]));
      if (round % 4 === 0) say(`round ${round}, blocks of ${((4 * size) / 1e6).toFixed(1)} MB`);
    }
  } catch (error) {
    say(`ended: ${(error as { code?: string }).code}`);
  }
  for (const storage of held) backend.free(storage);
}

/** Memory is full of blocks of 16 MB; nearly all of them go; then small ones come. */
function refusal(): void {
  const backend = wasmBackend();
  setBackend(backend);
  const held: ReturnType<typeof backend.random>[] = [];
  const tryTo = (what: string, run: () => void): void => {
    try {
      run();
      say(`${what}: all of them`);
    } catch (error) {
      say(`${what}: ${(error as { code?: string }).code}`);
    }
  };
  tryTo('16 MB until memory is full', () => {
    for (let i = 0; i < 400; i++) held.push(backend.random('rademacher', [1, i], [4e6]));
  });
  for (const storage of held.splice(4)) backend.free(storage);
  tryTo('100,000 of 16 kB', () => {
    for (let i = 0; i < 1e5; i++) held.push(backend.random('rademacher', [1, i], [4e3]));
  });
  for (const storage of held) backend.free(storage);
}

/** Blocks of any size up to a quarter of memory come and go; 90 % of it is alive again and again. */
function ninety(): void {
  const backend = wasmBackend();
  setBackend(backend);
  const [limit, steps] = [2 ** 32, 400];
  const held: { storage: Storage; sum: number }[] = [];
  const sumOf = (storage: Storage): number => {
    const total = backend.reduce('sum', { storage, shape: [storage.size], dtype: 'float32' }, [1, storage.size, 1]);
    const [sum] = backend.readSync(total);
    backend.free(total);
    return sum as number;
  };
  let [state, changed, most] = [1, 0, 0];
  const next = (below: number): number => {
    state = (1664525 * state + 1013904223) % 2 ** 32;
    return (state / 2 ** 32) * below;
  };
  for (let step = 1; step <= steps; step++) {
    const size = Math.floor(2 ** (10 + next(18))); // 4 kB … 1 GiB
    while (memory().bytes + 4 * size + 16 > 0.9 * limit) {
      const [gone] = held.splice(Math.floor(next(held.length)), 1) as [(typeof held)[number]];
      if (sumOf(gone.storage) !== gone.sum) changed += 1;
      backend.free(gone.storage);
    }
    const storage = backend.random('rademacher', [1, step], [size]);
    held.push({ storage, sum: sumOf(storage) });
    most = Math.max(most, memory().bytes);
    if (step % 100 === 0) say(`${step} blocks, packed ${backend.describe().packings} times`);
  }
  console.log(`at most ${((100 * most) / limit).toFixed(1)} % alive; blocks whose values changed: ${changed}`);
}

const parts = { lengths, eighths, refusal, ninety };
const { values } = parseArgs({ options: { only: { type: 'string' } } });
for (const [name, run] of Object.entries(parts)) if (values.only === undefined || values.only === name) run();
