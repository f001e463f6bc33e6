import * as floragrad from '../src';
import type { Settings } from './contestant';

/** A contestant with its settings, as a case names it. */
export interface Entrant {
  readonly label: string;
  /** Where its module is; a `.py` is a Python program. */
  readonly module: string;
  readonly settings: Settings;
  /** Cores that it may use. */
  readonly cores: number;
  /** A run takes half a minute: quick runs do without it. */
  readonly slow?: boolean;
}

const entrant = (label: string, module: string, settings: Settings = {}, cores = 1): Entrant => ({
  label,
  module,
  settings,
  cores,
});

/** Ours, with the best build there is unless the settings say otherwise. */
export const ours = (label = 'floragrad', settings: Settings = {}, cores = 1): Entrant =>
  entrant(label, 'bench/dist/contestants/floragrad.mjs', settings, cores);

/** Ours with the best build, with the baseline build, and with two threads where the library has them. */
export const floragradBuilds: readonly Entrant[] = [
  ours(),
  ours('floragrad, baseline build', { build: 'baseline' }),
  ...('setThreads' in floragrad ? [ours('floragrad, 2 threads', { threads: 2 }, 2)] : []),
];

export const plainLoop = entrant('plain loop', 'bench/dist/contestants/plain-loops.mjs');
export const tfjs = entrant('tfjs-wasm', 'bench/peers/tfjs.mjs');
/** tfjs-wasm with gradients of matmul written by hand; see `peers/tfjs-training.mjs`. */
export const tfjsTuned = entrant('tfjs-wasm, tuned', 'bench/peers/tfjs.mjs', { tuned: 1 });
export const tfjsPlain = entrant('tfjs-wasm, plain', 'bench/peers/tfjs.mjs');
export const jax = entrant('jax-js wasm', 'bench/peers/jax.mjs');
export const gpujs = entrant('gpu.js webasm', 'bench/peers/gpujs.mjs');
export const jsPytorch: Entrant = { ...entrant('js-pytorch', 'bench/peers/js-pytorch.mjs'), slow: true };
/** Native code: not a peer, but what the same step costs outside JavaScript. */
export const pytorch = entrant('PyTorch, native', 'bench/peers/torch_steps.py');

/** Everyone who is introduced at the start of a run. Other entrants are one of these with settings of their case. */
export const participants: readonly Entrant[] = [
  ...floragradBuilds,
  plainLoop,
  tfjsTuned,
  tfjsPlain,
  jax,
  gpujs,
  jsPytorch,
  pytorch,
];
