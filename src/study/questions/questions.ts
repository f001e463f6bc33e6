import { accumulated } from './accumulated';
import { averaging } from './averaging';
import { bias } from './bias';
import { bytes } from './bytes';
import { cosine } from './cosine';
import { energy } from './energy';
import { error } from './error';
import { jl } from './jl';
import { momentum } from './momentum';
import { refresh } from './refresh';
import { spectrum } from './spectrum';

/**
 * The questions that the lab answers, by name: each measures, and draws what it found. The command asks them as
 * `floragrad study NAME`. A new question is a file and a row here.
 * @example
 * const gradient = gradientFamilies.gaussian(random.key(0), [32, 16]);
 * const { rows, figures } = await questions.error.ask({ gradients: [{ name: 'mine', gradient }], ranks: [4], trials: 200 });
 * console.log(rows.length, figures[0]?.name); // prints 4 error-mine
 */
export const questions = {
  error,
  bias,
  cosine,
  energy,
  spectrum,
  jl,
  bytes,
  averaging,
  momentum,
  refresh,
  accumulated,
};
