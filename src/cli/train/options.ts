import { backendNames, usualBackend } from '../backends';
import type { Settings } from '../command';
import { learningRate, lines, threads } from '../common-options';
import { flag, option } from '../options';
import { rankOptions } from '../ranks/options';
import { projectorNames } from '../study/projectors';
import { atLeastZero, oneOf, whole, words } from '../values';
import { projecting } from './optimizers';
import { presetNames, presetOptions } from './presets';

export const trainOptions = {
  preset: option(oneOf(presetNames), 'NAME', 'values for everything down to --seeds', 'default'),
  ...presetOptions,
  projector: option(
    oneOf(projectorNames, { listed: false }),
    'NAME',
    `how ${projecting} projects; floragrad study --help lists the names`,
    'gaussian',
  ),
  learningRate: learningRate('optimizer'),
  dropout: option(atLeastZero({ below: 1 }), 'P', 'chance of each number of a layer to be left out in training', 0),
  sample: option(
    whole(0, 100_000),
    'N',
    'characters of text that the model with the lowest validation loss writes',
    400,
  ),
  report: { ...option(...lines.report, 'report.html'), output: true },
  save: {
    ...option(words, 'FILE', 'write the model with the lowest validation loss here, as safetensors'),
    output: true,
  },
  checkpoint: option(words, 'DIR', 'save every run here as it goes; a crash leaves the last save whole'),
  checkpointEvery: {
    ...option(lines.steps[0], 'N', 'steps between these saves', 100),
    needs: ['checkpoint', 'resume'],
  },
  resume: option(words, 'DIR', 'go on from these saves, bit for bit; the other options as before'),
  anyKernels: {
    ...flag('resume also what other kernels saved, where the numbers then differ'),
    needs: ['resume'],
  },
  capture: {
    ...option(
      words,
      'FILE',
      'write the true gradients of one run here, as safetensors, for floragrad study --gradient',
    ),
    output: true,
  },
  every: { ...option(lines.steps[0], 'N', 'steps from one captured gradient to the next', 50), needs: ['capture'] },
  parameters: { ...option(words, 'GLOB', 'what is captured; * stands for any characters', '*'), needs: ['capture'] },
  profile: flag('show where the time and memory of a step go, by op'),
  ...rankOptions,
  backend: option(oneOf(backendNames), 'NAME', 'what computes', usualBackend),
  threads,
} as const;

export type TrainSettings = Settings<typeof trainOptions>;
