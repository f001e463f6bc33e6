import { keep, OptionError, type Params, StateError, type Tensor, tensor } from '../../index';
import { saveSafetensors } from '../../node';
import type { Observation } from '../../training';
import { capturedKind, capturedName } from '../captured';
import { glob } from '../glob';
import { undivided } from '../terminal/ending';
import { bytes } from '../terminal/format';

/** The true gradients of some parameters at regular steps of one run. */
export class Capture {
  readonly #wanted: (path: string) => boolean;
  /** Gradients of the step under way, which outlive it. */
  #kept: [name: string, gradient: Tensor][] = [];
  readonly #taken: Record<string, Tensor> = {};

  constructor(
    readonly options: { readonly every: number; readonly parameters: string },
    readonly steps: number,
  ) {
    this.#wanted = glob(options.parameters);
  }

  /** @throws OptionError `cli/capture` where no parameter is wanted, `cli/too-large` where more are than a file should hold */
  check(parameters: Params): void {
    const wanted = Object.entries(parameters).filter(([path]) => this.#wanted(path));
    if (wanted.length === 0) throw nothingWanted(this.options.parameters, Object.keys(parameters));
    const size = wanted.reduce((sum, [, { size }]) => sum + 4 * size, 0);
    const needed = size * Math.ceil(this.steps / this.options.every);
    if (needed > most) throw tooMuch(needed);
  }

  /** What a trainer calls with the gradients of a step, or of a part of it. */
  readonly observe = ({ step, gradients }: Observation): void => {
    if (step % this.options.every !== 0) return;
    for (const [path, gradient] of Object.entries(gradients))
      if (this.#wanted(path)) this.#kept.push([capturedName(path, step), keep(gradient)]);
  };

  /** Read what the step has left. @throws StateError `cli/capture-values` for a number that is not finite */
  async collect(): Promise<void> {
    const kept = this.#kept;
    this.#kept = [];
    for (const [name, gradient] of kept) {
      const values = await gradient.data();
      const bad = values.find((x) => !Number.isFinite(x));
      if (bad !== undefined) throw notFinite(name, bad);
      this.#taken[name] = tensor(values, { shape: [...gradient.shape] });
    }
  }

  async save(path: string, about: Readonly<Record<string, string>>): Promise<void> {
    await undivided(() => saveSafetensors(path, this.#taken, { ...about, kind: capturedKind }));
  }

  /** How many gradients there are. */
  get count(): number {
    return Object.keys(this.#taken).length;
  }
}

/** Bytes that a file of gradients may have. */
const most = 2 ** 31;

function nothingWanted(pattern: string, paths: readonly string[]): OptionError {
  return new OptionError({
    code: 'cli/capture',
    got: `--parameters "${pattern}", which is the path of no parameter`,
    expected: `a pattern with * for any characters, such as blocks.*.weight, for paths such as ${paths.slice(0, 3).join(', ')}`,
    fix: 'pass another pattern, in quotes, or leave it out for all parameters',
  });
}

function tooMuch(needed: number): OptionError {
  return new OptionError({
    code: 'cli/too-large',
    got: `--capture of ${bytes(needed)}`,
    expected: `at most ${bytes(most)}`,
    fix: 'raise --every, or name fewer --parameters',
  });
}

function notFinite(name: string, value: number): StateError {
  return new StateError({
    code: 'cli/capture-values',
    got: `the gradient ${name} has a ${value}`,
    expected: 'finite numbers, since a projection of anything else says nothing',
    fix: 'lower --learning-rate, or --steps to the last step that is sound',
  });
}
