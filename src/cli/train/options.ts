import { backendNames } from '../backends';
import type { Settings } from '../command';
import { computing, lines } from '../common-options';
import { flag, option } from '../options';
import { projectorNames } from '../study/projectors';
import { oneOf, whole, words } from '../values';
import { orderings, rankedOptimizers } from './optimizers';
import { presetNames, presetOptions } from './presets';

const ranked = rankedOptimizers.map(({ name }) => name).join(' or ');
const compressing = rankedOptimizers.map(({ label }) => label).join(' and ');

export const trainOptions = {
  preset: option({
    of: oneOf(presetNames),
    placeholder: 'NAME',
    otherwise: 'default',
    help: 'values for everything down to --seeds',
  }),
  ...presetOptions,
  projector: option({
    of: oneOf(projectorNames, { listed: false }),
    placeholder: 'NAME',
    otherwise: 'gaussian',
    help: `how ${compressing} projects; floragrad study --help lists the names`,
  }),
  ordering: option({
    of: oneOf(orderings),
    placeholder: 'NAME',
    otherwise: 'paper',
    help: `order of ${compressing}'s steps, of which the second is that of the authors' code`,
  }),
  learningRate: option({ ...lines.learningRate, help: 'peak learning rate of every optimizer' }),
  sample: option({
    of: whole(0, 100_000),
    placeholder: 'N',
    otherwise: 200,
    help: `characters of text that one model writes: that of the last run of ${ranked}, else of the last run`,
  }),
  report: option({ ...lines.report, otherwise: 'report.html' }),
  save: option({
    of: words,
    placeholder: 'FILE',
    output: true,
    help: 'write the model that writes the text here, as safetensors',
  }),
  checkpoint: option({
    of: words,
    placeholder: 'DIR',
    help: 'save every run here as it goes; a crash leaves the last save whole',
  }),
  checkpointEvery: option({
    of: lines.steps.of,
    placeholder: 'N',
    otherwise: 100,
    help: 'steps between these saves',
    needs: ['checkpoint', 'resume'],
  }),
  resume: option({
    of: words,
    placeholder: 'DIR',
    help: 'go on from these saves, bit for bit; the other options as before',
  }),
  anyKernels: flag({
    help: 'resume also what other kernels saved, where the numbers then differ',
    needs: ['resume'],
  }),
  profile: flag({ help: 'show where the time and memory of a step go, by op' }),
  backend: option({ of: oneOf(backendNames), placeholder: 'NAME', otherwise: 'wasm', help: 'what computes' }),
  ...computing,
};

export type TrainSettings = Settings<typeof trainOptions>;
