import { FileError } from '../base/errors';
import { type Entry, isShape, mostElements } from './header';
import { brief, longestName, mostAxes, mostNames } from './limits';

const utf8 = new TextEncoder();

/**
 * Refuse to write what `readHeader` would not read.
 * @throws FileError `safetensors/name`, `safetensors/tensor`, `safetensors/header`
 */
export function checkEntries(entries: readonly Entry[], strings: readonly string[], fileBytes: number): void {
  for (const name of [...strings, ...entries.map((entry) => entry.name)]) {
    if (utf8.encode(JSON.stringify(name)).length - 2 > longestName) throw longName(name); // as written, without quotes
  }
  for (const { name, shape } of entries) if (!isShape(shape)) throw badShape(name, shape.length);
  const [names, most] = [entries.length + strings.length, mostNames(fileBytes)];
  if (names > most) throw tooMany(names, most, fileBytes);
}

function longName(name: string): FileError {
  return new FileError({
    code: 'safetensors/name',
    got: `a name of ${name.length} characters, ${brief(name)}, was to be written`,
    expected: `at most ${longestName} bytes`,
    fix: 'rename it, as with renameParams',
  });
}

function badShape(name: string, axes: number): FileError {
  return new FileError({
    code: 'safetensors/tensor',
    got: `${brief(name)} with ${axes} axes was to be written`,
    expected: `at most ${mostAxes} axes and ${mostElements} elements, which is what is read`,
    fix: 'reshape it before it is saved',
  });
}

function tooMany(names: number, most: number, fileBytes: number): FileError {
  return new FileError({
    code: 'safetensors/header',
    got: `${names} tensors and strings were to be written into ${fileBytes} bytes`,
    expected: `at most ${most}, which is what is read of a file of this size`,
    fix: 'join small tensors, as with concat or stack, or use several files',
  });
}
