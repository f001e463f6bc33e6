// What the kernels of a product gain over the naive one, on the CPU or the GPU:
//   npm run bench:matmul -- --backend gpu --size 512
// Every round runs each variant once, one after the other on the same device, so that what slows the machine down slows
// them all. The matrices are on the device already; bringing them there and reading the result back is shown apart.
//   --backend wasm|gpu   what computes [wasm]
//   --mode MODE          how the GPU is driven: auto, webgpu, headlessgl, webgl2 [auto]
//   --size N             rows and columns of both matrices [256]
//   --repeats N          rounds behind each median [5]
//   --seed N             of the matrices [0]
//   --json FILE          the numbers as JSON; - writes them to standard output
import { benchMatmul } from './matmul/program';

const { argv, stdout, stderr, env } = process;
benchMatmul(argv.slice(2), { stdout, stderr, env, cwd: process.cwd() }).catch((error: unknown) => {
  console.error(`bench:matmul: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
});
