import { OptionError, random } from '../../index';
import { gradientFamilies, type StudiedGradient } from '../../study';
import { loadCaptured } from '../captured';
import { glob } from '../glob';
import type { Source } from './sources';

/** What `--gradient`, `--shape` and `--parameters` say together. */
export interface GradientSettings {
  readonly gradient: readonly Source[];
  readonly shape: readonly (readonly [rows: number, columns: number])[] | undefined;
  readonly parameters: string | undefined;
  readonly seed: number;
}

/**
 * Refuse what would do nothing: a shape without a random gradient, a pattern without a captured one.
 * @throws OptionError `cli/needs`
 */
export function checkSources({ gradient, shape, parameters }: GradientSettings): void {
  const [families, files] = [gradient.some((one) => 'family' in one), gradient.some((one) => 'file' in one)];
  if (shape !== undefined && !families) throw doesNothing('--shape', 'a random gradient, such as --gradient gaussian');
  if (parameters !== undefined && !files) throw doesNothing('--parameters', '--gradient captured:FILE');
}

/** The gradients, each family in every shape. @throws FileError those of `loadCaptured` */
export async function gradientsOf(
  { gradient, shape, parameters, seed }: GradientSettings,
  usualShape: readonly [number, number],
  cwd: string,
): Promise<StudiedGradient[]> {
  const key = random.fold(random.key(seed), 'gradient');
  const found = gradient.map(async (one): Promise<StudiedGradient[]> => {
    if ('file' in one) return loadCaptured(one.file, cwd, glob(parameters ?? '*'));
    return (shape ?? [usualShape]).map((shape) => ({
      name: `${one.family} ${shape.join('x')}`,
      gradient: gradientFamilies[one.family](key, shape),
    }));
  });
  return (await Promise.all(found)).flat();
}

function doesNothing(option: string, needed: string): OptionError {
  return new OptionError({
    code: 'cli/needs',
    got: `${option} without ${needed}`,
    expected: 'both, since it does nothing alone',
    fix: `leave out ${option}`,
  });
}
