import { OptionError } from '../../index';
import type { Settings } from '../command';
import { computing, lines, rank } from '../common-options';
import { option, required } from '../options';
import { listOf, oneOf, positive, words } from '../values';
import { methodRows, usualMethods } from './methods';

/** The names of the methods that are so, as a sentence has them. */
const namesOf = (field: 'staged' | 'projects' | 'sparse'): string =>
  methodRows
    .filter((row) => row[field] && row.baselineOf === undefined)
    .map((row) => row.projects ?? row.name)
    .join(' and ');

export const finetuneOptions = {
  base: required({ of: words, placeholder: 'BASE.safetensors', help: 'a model', operand: noBase }),
  data: option({ ...lines.data, otherwise: 'sotu' }),
  method: option({
    of: listOf(oneOf(methodRows.map(({ name }) => name))),
    placeholder: 'LIST',
    otherwise: usualMethods,
    help: 'what is compared',
  }),
  rank: option({
    of: rank,
    placeholder: 'R',
    otherwise: 8,
    help: `rank of adapters and of ${namesOf('projects')}'s projection`,
  }),
  alpha: option({
    of: positive({ upTo: 1e6 }),
    placeholder: 'X',
    otherwise: 16,
    help: 'scale of adapters, times 1/rank',
  }),
  sparsity: option({
    of: positive({ below: 1 }),
    placeholder: 'X',
    otherwise: 0.5,
    help: `share of the weights pruned before ${namesOf('sparse')} and its baselines`,
  }),
  stages: option({ of: lines.steps.of, placeholder: 'N', otherwise: 4, help: `stages of ${namesOf('staged')}` }),
  steps: option({ ...lines.steps, otherwise: 300 }),
  batch: option({ ...lines.batch, otherwise: 8 }),
  learningRate: option({ ...lines.learningRate, help: 'peak learning rate of every method' }),
  seeds: option({ ...lines.seeds, otherwise: 1 }),
  report: option({ ...lines.report, otherwise: 'finetune.html' }),
  ...computing,
};

export type FineTuneSettings = Settings<typeof finetuneOptions>;

function noBase(got: string | undefined): OptionError {
  return new OptionError({
    code: 'cli/base',
    got: `floragrad finetune got ${got === undefined ? 'nothing' : `"${got}"`} where a file should be`,
    expected: 'a model first, as floragrad train --save wrote it',
    fix: 'floragrad finetune base.safetensors, or floragrad finetune --help',
  });
}
